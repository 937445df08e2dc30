"""Holds the shapes of requests and answers, by noun; domain has the rules."""
