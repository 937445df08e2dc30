"""Writes exports, a batch at a time: what is written before is never kept."""
