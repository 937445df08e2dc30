"""Draws reports as SVG, by pygal; reads nothing, and knows no HTTP."""
