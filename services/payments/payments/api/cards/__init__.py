"""Holds the operations of card payments, and how other operations pay by card."""
