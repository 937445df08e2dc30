"""Writes the texts of mails in both languages.

They are plain text: a greeting, what happened, and perhaps a link. `{name}` includes its comma and
is empty if no name is known. News has the text of the notice of the same kind.
"""

from collections.abc import Mapping
from typing import Any, Final

from kit.refusals import Language
from notifications.domain.mails import ALSO_MAILED, MailKind
from notifications.domain.texts import Words, moment_words, words

_NEWS: Final = {mail: notice for notice, mail in ALSO_MAILED.items()}

_GREETING: Final[Mapping[Language, str]] = {"en": "Hello{name}!", "ru": "Здравствуйте{name}!"}
_CLOSING: Final[Mapping[Language, str]] = {
    "en": "Saldo\nThis mail was written by a machine; nobody reads answers to it.",
    "ru": "Saldo\nЭто письмо написала программа, ответы на него никто не читает.",
}

_MAILS: Final[Mapping[Language, Mapping[MailKind, Words]]] = {
    "en": {
        MailKind.ACTIVATION: Words(
            "Activate your Saldo account",
            "Open this link and press the button to activate your account:\n\n{url}\n\n"
            "It is good until {until}. If you did not register, do nothing.",
        ),
        MailKind.ALREADY_REGISTERED: Words(
            "You already have a Saldo account",
            "Somebody, probably you, tried to register with this address, which has an account"
            " already. Log in as usual; if you have forgotten the password, ask for a new one."
            " If it was not you, nothing needs to be done.",
        ),
        MailKind.PASSWORD_RESET: Words(
            "Set a new Saldo password",
            "Open this link to set a new password:\n\n{url}\n\n"
            "It is good until {until}, and once. If you did not ask for it, do nothing: the old"
            " password stays.",
        ),
        MailKind.OLD_EMAIL: Words(
            "Your Saldo account is to have another address",
            "Open this link and press the button if your account is to leave this address:\n\n"
            "{url}\n\nIt is good until {until}. If you did not ask for it, do nothing, and change"
            " your password: somebody knows it.",
        ),
        MailKind.NEW_EMAIL: Words(
            "Confirm your new address for Saldo",
            "Open this link and press the button to use this address for your account:\n\n{url}\n\n"
            "It is good until {until}. If you did not ask for it, do nothing.",
        ),
        MailKind.SECURITY_NOTICE: Words(
            "Something changed in your Saldo account",
            "{what} If it was you, nothing needs to be done. If it was not, set a new password and"
            " end all sessions.",
        ),
    },
    "ru": {
        MailKind.ACTIVATION: Words(
            "Активируйте учётную запись Saldo",
            "Откройте ссылку и нажмите кнопку, чтобы активировать учётную запись:\n\n{url}\n\n"
            "Ссылка действует до {until}. Если вы не регистрировались, ничего не делайте.",
        ),
        MailKind.ALREADY_REGISTERED: Words(
            "У вас уже есть учётная запись Saldo",
            "Кто-то, вероятно вы, пытался зарегистрироваться с этим адресом, но учётная запись с"
            " ним уже есть. Войдите как обычно; если забыли пароль, запросите новый. Если это были"
            " не вы, делать ничего не нужно.",
        ),
        MailKind.PASSWORD_RESET: Words(
            "Новый пароль Saldo",
            "Откройте ссылку, чтобы задать новый пароль:\n\n{url}\n\n"
            "Она действует до {until} и один раз. Если вы её не запрашивали, ничего не делайте:"
            " прежний пароль останется.",
        ),
        MailKind.OLD_EMAIL: Words(
            "У вашей учётной записи Saldo меняется адрес",
            "Откройте ссылку и нажмите кнопку, если учётная запись больше не будет связана с этим"
            " адресом:\n\n{url}\n\nСсылка действует до {until}. Если вы этого не запрашивали, не"
            " открывайте её и смените пароль: кто-то его знает.",
        ),
        MailKind.NEW_EMAIL: Words(
            "Подтвердите новый адрес для Saldo",
            "Откройте ссылку и нажмите кнопку, чтобы связать этот адрес с учётной записью:\n\n"
            "{url}\n\nСсылка действует до {until}. Если вы этого не запрашивали, ничего не"
            " делайте.",
        ),
        MailKind.SECURITY_NOTICE: Words(
            "Изменения в вашей учётной записи Saldo",
            "{what} Если это были вы, делать ничего не нужно. Если не вы, задайте новый пароль и"
            " завершите все сеансы.",
        ),
    },
}

_SECURITY: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "password_changed": "The password was changed.",
        "email_changed": "The e-mail address was changed to this one.",
        "api_key_made": "An API key was made: a program can act for you by it.",
        "api_key_rotated": "An API key got another secret.",
    },
    "ru": {
        "password_changed": "Пароль изменён.",
        "email_changed": "Адрес электронной почты изменён на этот.",
        "api_key_made": "Создан ключ API: с ним программа действует от вашего имени.",
        "api_key_rotated": "У ключа API новый секрет.",
    },
}


def mail_text(
    kind: MailKind,
    facts: Mapping[str, Any],
    *,
    to: str | None,
    other_username: str | None,
    language: Language,
) -> Words:
    """Return subject and text of a mail to `to`, a username or None."""
    if kind in _NEWS:
        said = words(_NEWS[kind], facts, other_username, language)
    else:
        template = _MAILS[language][kind]
        until = moment_words(facts["expires_at"]) if "expires_at" in facts else ""
        what = _SECURITY[language][facts["what"]] if kind is MailKind.SECURITY_NOTICE else ""
        text = template.text.format(url=facts.get("url", ""), until=until, what=what)
        said = Words(template.title, text)
    greeting = _GREETING[language].format(name="" if to is None else f", {to}")
    return Words(said.title, f"{greeting}\n\n{said.text}\n\n-- \n{_CLOSING[language]}\n")
