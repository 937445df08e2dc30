"""Owns the SQL of second factors, one module for each noun."""

from auth.repository.factors.challenges import Challenges
from auth.repository.factors.passkeys import Passkeys
from auth.repository.factors.recovery import RecoveryCodes
from auth.repository.factors.totps import Totps

__all__ = ["Challenges", "Passkeys", "RecoveryCodes", "Totps"]
