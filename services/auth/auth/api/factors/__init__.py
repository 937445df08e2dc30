"""Serves second factors: enrolling them, logging in by them, stepping up."""

from auth.api.factors import enrolment, logins, passkeys, step_up

ROUTERS = (logins.router, enrolment.router, passkeys.router, step_up.router)
