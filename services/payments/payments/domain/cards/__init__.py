"""Rules of card payments: charges, what goes back of them, disputes and who bears them."""
