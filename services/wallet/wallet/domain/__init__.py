"""The ledger's rules, pure: no I/O, no clock, no ids made here that a caller did not ask for."""
