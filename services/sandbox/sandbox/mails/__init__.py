"""The mail sink: an SMTP server that delivers nothing and shows all mails."""
