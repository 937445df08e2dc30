"""Notices and their texts: pure, no input or output."""
