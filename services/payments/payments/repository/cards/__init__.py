"""The SQL of card payments: charges, what goes back of them, and what providers tell."""
