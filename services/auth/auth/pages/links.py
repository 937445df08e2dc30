"""Renders the pages behind mailed links.

Each has one button, or a field and a button, or the result. Only the button's POST changes
anything, because mail scanners follow links but press no buttons.
"""

from collections.abc import Mapping
from html import escape
from typing import Final

from starlette.responses import HTMLResponse

from auth.domain.passwords import LONGEST, SHORTEST
from auth.pages.document import document
from kit.refusals import Language, Refusal

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
EMAIL_ACTION: Final = "/v1/auth/email/confirm/page"
RESET_ACTION: Final = "/v1/auth/password/reset/page"

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
    return document(form, language, 200 if refused is None else refused.status)


def done_page(what: str, language: Language) -> HTMLResponse:
    """Return the page that reports a success, named as in `_TEXTS`."""
    return document(f"<p>{_TEXTS[language][what]}</p>", language)


def _button_page(what: str, action: str, token: str, language: Language) -> HTMLResponse:
    texts = _TEXTS[language]
    form = _FORM.format(
        text=texts[what],
        action=action,
        token=escape(token),
        field="",
        button=texts[f"{what}_button"],
    )
    return document(form, language)
