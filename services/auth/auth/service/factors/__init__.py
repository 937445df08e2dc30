"""The verbs of second factors: enrol, remove, and prove who one is by them."""
