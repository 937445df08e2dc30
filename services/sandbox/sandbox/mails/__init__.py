"""Takes mails as an SMTP server that delivers nothing and shows them all."""
