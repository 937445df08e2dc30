"""Rules of a payment as pure functions and frozen facts; no input or output happens here."""
