"""The operations of card payments, and how the other operations pay by card."""
