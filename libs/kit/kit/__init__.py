"""Holds the technical code that every service stands on.

It knows no service, nor what a payment or a wallet is.
"""
