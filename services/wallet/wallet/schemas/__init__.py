"""Shapes wallet's requests and answers, with examples. Decides nothing."""
