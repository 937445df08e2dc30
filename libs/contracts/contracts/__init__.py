"""What services say to each other: commands, events and replies, one module per owning service.

The only thing that services share in meaning. It holds no behaviour, and changes are additive: a
break is a new version of a message.
"""
