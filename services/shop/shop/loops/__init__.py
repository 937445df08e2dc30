"""Holds the background loops of shop, a module for each."""
