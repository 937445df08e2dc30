"""Shapes auth's requests and answers, with examples; the domain has the rules."""
