"""The mail sink: a real SMTP server whose mails go nowhere but into a list to look at."""
