"""Tells people what has happened: notices in the application, and mails."""
