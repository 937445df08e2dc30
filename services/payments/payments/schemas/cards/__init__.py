"""Shapes what the operations of card payments take and give."""
