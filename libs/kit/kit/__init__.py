"""Technical code that every service stands on: money, ids, clock, refusals, database, web edge.

Does not know any service, nor what a payment or a wallet is.
"""
