"""Holds the rules of card payments: charges, refunds, disputes, recoveries."""
