"""Auth: who a caller is. Owns users, activation, logins, sessions, roles and signing keys."""
