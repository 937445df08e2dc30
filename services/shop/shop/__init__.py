"""Sells products: a catalogue of categories and products, and orders for them."""
