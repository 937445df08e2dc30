"""Holds the verbs of what services ask for on merchants' behalf, who are no users."""
