"""Notifies people of what has happened: notices, mails, webhooks."""
