"""Makes payments between people: creates, pays by a saga, cancels, refunds, lists.

Money is moved by wallet alone.
"""
