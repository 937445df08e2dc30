"""Simulates two verification services, which fail as real ones do."""
