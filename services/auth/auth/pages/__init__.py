"""Renders the pages that need no front end, in two languages, without scripts."""

from auth.pages.document import refused_page
from auth.pages.links import activation_page, done_page, email_page, reset_page
from auth.pages.logins import LoginView, code_page, password_page

__all__ = [
    "LoginView",
    "activation_page",
    "code_page",
    "done_page",
    "email_page",
    "password_page",
    "refused_page",
    "reset_page",
]
