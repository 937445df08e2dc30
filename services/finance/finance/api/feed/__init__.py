"""Serves the rules that sort."""
