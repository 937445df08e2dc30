"""Sends mails: the mail worker, and SMTP."""
