"""Hashes passwords, signs tokens, encrypts keys. Decides nothing about users."""
