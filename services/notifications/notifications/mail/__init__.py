"""Mails on their way out: the worker that sends what is due, and SMTP."""
