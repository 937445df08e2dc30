"""Renders the pages where people log in for an OAuth client, and let it in."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from starlette.responses import HTMLResponse

from auth.domain.names import EMAIL_LONGEST
from auth.domain.oauth_clients import OAuthClient, form_target, place_of
from auth.domain.passwords import LONGEST
from auth.domain.scopes import Scope
from auth.pages.document import POLICY, document
from auth.pages.scopes import WORDS
from kit.refusals import Language, Refusal

ACTION: Final = "/v1/auth/authorize"

_FORM: Final = """<p>{ask}</p>
<ul>{may}</ul>
{alert}<form method="post" action="{action}">
<input type="hidden" name="request" value="{request}">
{fields}<button name="decision" value="allow">{allow}</button>
<button name="decision" value="deny" formnovalidate>{deny}</button>
</form>
<p>{back}</p>"""
_ALERT: Final = '<p role="alert">{text}</p>\n'
_CREDENTIALS: Final = """<input name="username" value="{username}" required
 maxlength="{name_longest}" autocomplete="username" autocapitalize="none" spellcheck="false"
 aria-label="{name_label}" placeholder="{name_label}">
<input type="password" name="password" required maxlength="{longest}"
 autocomplete="current-password" aria-label="{password_label}" placeholder="{password_label}">
"""
_CODE: Final = """<input type="hidden" name="mfa_token" value="{mfa_token}">
<input name="code" required maxlength="64" autocomplete="one-time-code" autocapitalize="characters"
 spellcheck="false" aria-label="{code_label}" placeholder="{code_label}">
"""
_TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "ask": "{name} asks to act for you in Saldo. It will be able to:",
        "back": "You will be sent back to {place}. You can end this at any time in the list of your"
        " sessions.",
        "name_label": "Username or e-mail",
        "password_label": "Password",
        "code_label": "Code of your app, or a recovery code",
        "allow": "Log in and allow",
        "deny": "Cancel",
    },
    "ru": {
        "ask": "{name} просит разрешения действовать от вашего имени в Saldo. Приложение сможет:",
        "back": "Вы вернётесь на {place}. Доступ можно прекратить в любой момент в списке ваших"
        " сеансов.",
        "name_label": "Имя пользователя или адрес почты",
        "password_label": "Пароль",
        "code_label": "Код из приложения или резервный код",
        "allow": "Войти и разрешить",
        "deny": "Отмена",
    },
}


@dataclass(frozen=True, slots=True)
class LoginView:
    """What all pages of one login show: who asks, for what, and the way back.

    `sealed` is what is asked for, as the form sends it back (`auth.crypto.forms`).
    """

    client: OAuthClient
    redirect_uri: str
    scopes: frozenset[Scope]
    sealed: str
    language: Language


def password_page(
    view: LoginView, *, username: str = "", refused: Refusal | None = None
) -> HTMLResponse:
    """Return the page that asks for name and password, and says what was refused."""
    texts = _TEXTS[view.language]
    fields = _CREDENTIALS.format(
        username=escape(username),
        name_longest=EMAIL_LONGEST,
        name_label=texts["name_label"],
        longest=LONGEST,
        password_label=texts["password_label"],
    )
    return _page(view, fields, refused)


def code_page(view: LoginView, mfa_token: str, refused: Refusal | None = None) -> HTMLResponse:
    """Return the page that asks for the second factor, and says what was refused."""
    label = _TEXTS[view.language]["code_label"]
    return _page(view, _CODE.format(mfa_token=escape(mfa_token), code_label=label), refused)


def _page(view: LoginView, fields: str, refused: Refusal | None) -> HTMLResponse:
    texts, language = _TEXTS[view.language], view.language
    form = _FORM.format(
        ask=texts["ask"].format(name=_strong(view.client.name)),
        may="".join(
            f"<li>{WORDS[scope][language]}</li>" for scope in Scope if scope in view.scopes
        ),
        alert="" if refused is None else _ALERT.format(text=escape(refused.detail(language))),
        action=ACTION,
        request=escape(view.sealed),
        fields=fields,
        allow=texts["allow"],
        deny=texts["deny"],
        back=texts["back"].format(place=_strong(place_of(view.redirect_uri))),
    )
    page = document(form, language, 200 if refused is None else refused.status)
    page.headers.update({} if refused is None else refused.headers)
    # Browsers hold the answer to a form to this, too, and that answer leads to the client.
    page.headers["content-security-policy"] = f"{POLICY} {form_target(view.redirect_uri)}"
    # Without it the form's Origin would be "null" (Fetch §3.2), and could not be checked.
    page.headers["referrer-policy"] = "same-origin"
    return page


def _strong(text: str) -> str:
    return f"<strong>{escape(text)}</strong>"
