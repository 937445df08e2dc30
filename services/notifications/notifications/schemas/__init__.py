"""Shapes notifications' requests and answers. Decides nothing."""
