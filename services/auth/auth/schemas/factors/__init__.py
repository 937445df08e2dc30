"""Shapes the requests and answers of second factors, with examples."""
