"""Renders the pages behind mailed links.

Each has one button, or a field and a button, or the result. Only the button's POST changes
anything, because mail scanners follow links but press no buttons.
"""

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Any, Final

from starlette.responses import HTMLResponse

from auth.domain.passwords import LONGEST, SHORTEST
from kit.refusals import Language, Refusal

_STYLE: Final = (
    "body{font:18px/1.5 system-ui,sans-serif;max-width:30rem;margin:20vh auto;padding:0 1rem}"
    "input,button{font:inherit;display:block;width:100%;box-sizing:border-box;margin:.6rem 0;"
    "padding:.5rem}"
)
_DIGEST: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_DIGEST}'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",  # the page's address holds the token
}

_PAGE: Final = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Saldo</title>
<style>{style}</style>
<h1>Saldo</h1>
{content}
</html>
"""
_FORM: Final = """<p>{text}</p>
<form method="post" action="{action}">
<input type="hidden" name="token" value="{token}">
{field}<button>{button}</button>
</form>"""
_FIELD: Final = (
    '<input type="password" name="password" required minlength="{shortest}" maxlength="{longest}"'
    ' autocomplete="new-password" aria-label="{label}" placeholder="{label}">\n'
)

ACTIVATE_ACTION: Final = "/v1/auth/activate/page"
RESET_ACTION: Final = "/v1/auth/password/reset/page"

_TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "activate": "Press the button to activate your account.",
        "activate_button": "Activate",
        "activated": "Your account is active. You can log in now.",
        "reset": "Choose a new password. You will be logged out everywhere.",
        "reset_label": "New password",
        "reset_button": "Set the password",
        "was_reset": "The new password is set. You can log in with it now.",
    },
    "ru": {
        "activate": "Нажмите кнопку, чтобы активировать учётную запись.",
        "activate_button": "Активировать",
        "activated": "Учётная запись активна. Теперь можно войти.",
        "reset": "Придумайте новый пароль. Вы выйдете из системы на всех устройствах.",
        "reset_label": "Новый пароль",
        "reset_button": "Сохранить пароль",
        "was_reset": "Новый пароль сохранён. Теперь можно войти с ним.",
    },
}


def activation_page(token: str, language: Language) -> HTMLResponse:
    """Return the page with the button that activates."""
    texts = _TEXTS[language]
    form = _FORM.format(
        text=texts["activate"],
        action=ACTIVATE_ACTION,
        token=escape(token),
        field="",
        button=texts["activate_button"],
    )
    return _page(form, language)


def reset_page(token: str, language: Language, refused: Refusal | None = None) -> HTMLResponse:
    """Return the page that asks for a new password, with the refusal of the last one."""
    texts = _TEXTS[language]
    field = _FIELD.format(shortest=SHORTEST, longest=LONGEST, label=texts["reset_label"])
    form = _FORM.format(
        text=escape(texts["reset"] if refused is None else refused.detail(language)),
        action=RESET_ACTION,
        token=escape(token),
        field=field,
        button=texts["reset_button"],
    )
    return _page(form, language, 200 if refused is None else refused.status)


def done_page(what: str, language: Language) -> HTMLResponse:
    """Return the page that reports success: `activated` or `was_reset`."""
    return _page(f"<p>{_TEXTS[language][what]}</p>", language)


def shown_with(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what the document says of a page's refusals, which are pages, too."""
    return {
        status: {"content": {"text/html": {"schema": {"type": "string"}}}} for status in statuses
    }


def refused_page(refusal: Refusal, language: Language) -> HTMLResponse:
    """Return the page that shows a refusal."""
    return _page(f"<p>{escape(refusal.detail(language))}</p>", language, refusal.status)


def _page(content: str, language: Language, status: int = 200) -> HTMLResponse:
    page = _PAGE.format(language=language, style=_STYLE, content=content)
    return HTMLResponse(page, status, headers={**_HEADERS, "content-language": language})
