"""Renders the pages behind mailed links, and the login page of OAuth clients.

Each has one button, or fields and buttons, or the result. Only a button's POST changes anything,
because mail scanners follow links but press no buttons.
"""

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Any, Final

from starlette.responses import HTMLResponse

from auth.domain.names import EMAIL_LONGEST
from auth.domain.oauth_clients import OAuthClient, form_target, place_of
from auth.domain.passwords import LONGEST, SHORTEST
from kit.refusals import Language, Refusal

_STYLE: Final = (
    "body{font:18px/1.5 system-ui,sans-serif;max-width:30rem;margin:20vh auto;padding:0 1rem}"
    "input,button{font:inherit;display:block;width:100%;box-sizing:border-box;margin:.6rem 0;"
    "padding:.5rem}"
    "[role=alert]{border-left:.3rem solid;padding-left:.7rem}"
)
_DIGEST: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; frame-ancestors 'none';"
    " form-action 'self'"
)
_HEADERS: Final = {
    "content-security-policy": _POLICY,
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

_LOGIN: Final = """<p>{ask}</p>
{alert}<form method="post" action="{action}">
<input type="hidden" name="request" value="{request}">
<input name="username" value="{username}" required maxlength="{name_longest}"
 autocomplete="username" autocapitalize="none" spellcheck="false" aria-label="{name_label}"
 placeholder="{name_label}">
<input type="password" name="password" required maxlength="{longest}"
 autocomplete="current-password" aria-label="{password_label}" placeholder="{password_label}">
<button name="decision" value="allow">{allow}</button>
<button name="decision" value="deny" formnovalidate>{deny}</button>
</form>
<p>{back}</p>"""
_ALERT: Final = '<p role="alert">{text}</p>\n'

ACTIVATE_ACTION: Final = "/v1/auth/activate/page"
EMAIL_ACTION: Final = "/v1/auth/email/confirm/page"
RESET_ACTION: Final = "/v1/auth/password/reset/page"
LOGIN_ACTION: Final = "/v1/auth/authorize"

_TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "activate": "Press the button to activate your account.",
        "activate_button": "Activate",
        "activated": "Your account is active. You can log in now.",
        "email": "Press the button to confirm the change of your e-mail address.",
        "email_button": "Confirm",
        "email_changed": "The new address is yours. Mails go there from now on.",
        "email_half_confirmed": "Confirmed. Now open the link that the other address was mailed.",
        "reset": "Choose a new password. You will be logged out everywhere.",
        "reset_label": "New password",
        "reset_button": "Set the password",
        "was_reset": "The new password is set. You can log in with it now.",
        "ask": "{name} asks to act for you in Saldo. It will be able to do everything that you can:"
        " see your money and move it.",
        "back": "You will be sent back to {place}. You can end this at any time in the list of your"
        " sessions.",
        "name_label": "Username or e-mail",
        "password_label": "Password",
        "allow": "Log in and allow",
        "deny": "Cancel",
    },
    "ru": {
        "activate": "Нажмите кнопку, чтобы активировать учётную запись.",
        "activate_button": "Активировать",
        "activated": "Учётная запись активна. Теперь можно войти.",
        "email": "Нажмите кнопку, чтобы подтвердить смену адреса электронной почты.",
        "email_button": "Подтвердить",
        "email_changed": "Адрес изменён. Теперь письма приходят на него.",
        "email_half_confirmed": "Подтверждено. Теперь откройте ссылку из письма на другой адрес.",
        "reset": "Придумайте новый пароль. Вы выйдете из системы на всех устройствах.",
        "reset_label": "Новый пароль",
        "reset_button": "Сохранить пароль",
        "was_reset": "Новый пароль сохранён. Теперь можно войти с ним.",
        "ask": "{name} просит разрешения действовать от вашего имени в Saldo. Этому приложению"
        " будет доступно всё, что и вам: видеть ваши деньги и переводить их.",
        "back": "Вы вернётесь на {place}. Доступ можно прекратить в любой момент в списке ваших"
        " сеансов.",
        "name_label": "Имя пользователя или адрес почты",
        "password_label": "Пароль",
        "allow": "Войти и разрешить",
        "deny": "Отмена",
    },
}


def activation_page(token: str, language: Language) -> HTMLResponse:
    """Return the page with the button that activates."""
    return _button_page("activate", ACTIVATE_ACTION, token, language)


def email_page(token: str, language: Language) -> HTMLResponse:
    """Return the page with the button that confirms a change of address."""
    return _button_page("email", EMAIL_ACTION, token, language)


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


def login_page(  # noqa: PLR0913 - for whom, to where, and what was typed before
    client: OAuthClient,
    redirect_uri: str,
    sealed: str,
    language: Language,
    *,
    username: str = "",
    refused: Refusal | None = None,
) -> HTMLResponse:
    """Return the page where a user logs in for a client, and allows it what it asks.

    Args:
        client: Who asks.
        redirect_uri: Where the user is sent back to.
        sealed: What is asked for, as the form sends it back (`auth.crypto.forms`).
        language: Of the texts.
        username: What was typed last time.
        refused: Why that was refused.
    """
    texts = _TEXTS[language]
    place = f"<strong>{escape(place_of(redirect_uri))}</strong>"
    form = _LOGIN.format(
        ask=texts["ask"].format(name=f"<strong>{escape(client.name)}</strong>"),
        alert="" if refused is None else _ALERT.format(text=escape(refused.detail(language))),
        action=LOGIN_ACTION,
        request=escape(sealed),
        username=escape(username),
        name_longest=EMAIL_LONGEST,
        name_label=texts["name_label"],
        longest=LONGEST,
        password_label=texts["password_label"],
        allow=texts["allow"],
        deny=texts["deny"],
        back=texts["back"].format(place=place),
    )
    page = _page(form, language, 200 if refused is None else refused.status)
    page.headers.update(refused.headers if refused is not None else {})
    # Browsers hold the answer to a form to this, too, and that answer leads to the client.
    page.headers["content-security-policy"] = f"{_POLICY} {form_target(redirect_uri)}"
    # Without it the form's Origin would be "null" (Fetch §3.2), and could not be checked.
    page.headers["referrer-policy"] = "same-origin"
    return page


def done_page(what: str, language: Language) -> HTMLResponse:
    """Return the page that reports a success, named as in `_TEXTS`."""
    return _page(f"<p>{_TEXTS[language][what]}</p>", language)


def shown_with(*refusals: type[Refusal]) -> dict[int | str, dict[str, Any]]:
    """Return what the document says of refusals that are pages."""
    page = {"content": {"text/html": {"schema": {"type": "string"}}}}
    return dict.fromkeys(sorted({one.status for one in refusals}), page)


def refused_page(refusal: Refusal, language: Language) -> HTMLResponse:
    """Return the page that shows a refusal."""
    return _page(f"<p>{escape(refusal.detail(language))}</p>", language, refusal.status)


def _button_page(what: str, action: str, token: str, language: Language) -> HTMLResponse:
    texts = _TEXTS[language]
    form = _FORM.format(
        text=texts[what],
        action=action,
        token=escape(token),
        field="",
        button=texts[f"{what}_button"],
    )
    return _page(form, language)


def _page(content: str, language: Language, status: int = 200) -> HTMLResponse:
    page = _PAGE.format(language=language, style=_STYLE, content=content)
    return HTMLResponse(page, status, headers={**_HEADERS, "content-language": language})
