"""Auth owns users, activation, logins, sessions, roles and signing keys."""
