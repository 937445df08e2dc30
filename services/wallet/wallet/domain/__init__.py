"""The ledger's rules, pure: no I/O, no clock, and no ids that nobody asked for."""
