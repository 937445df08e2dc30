"""Payments between people: created, paid by a saga, cancelled, refunded, listed.

Money is moved by wallet alone.
"""
