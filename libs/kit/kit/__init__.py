"""Holds the technical code of every service: money, refusals, database, web, ….

It knows no service, nor what a payment or a wallet is.
"""
