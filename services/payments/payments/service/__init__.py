"""Holds the verbs: each loads, decides, saves and emits; its caller commits."""
