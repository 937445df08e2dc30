"""Defines what services say to each other, in one module per owning service.

Commands, events and replies are the only thing that services share in meaning. They hold no
behaviour, and changes are additive: a break is a new version of a message.
"""
