"""Owns how Saldo is set up and started; services do not import it."""
