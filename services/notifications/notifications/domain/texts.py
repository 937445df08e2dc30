"""Writes the texts of notices in both languages, when a notice is read.

Each kind has a title and a sentence; `{to}` and `{by}` stand for the other person and are empty if
no name is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from kit.money import decimal_text
from kit.refusals import Language
from notifications.domain.notices import NoticeKind
from notifications.domain.reasons import dispute_words, reason_words


@dataclass(frozen=True, slots=True)
class Words:
    """A title and a text, ready to read."""

    title: str
    text: str


_TEXTS: Final[Mapping[Language, Mapping[NoticeKind, Words]]] = {
    "en": {
        NoticeKind.PAYMENT_PAID: Words("Payment made", "You paid {amount}{to}."),
        NoticeKind.PAYMENT_RECEIVED: Words("Money received", "You received {amount}{by}."),
        NoticeKind.PAYMENT_FAILED: Words(
            "Payment declined", "Your payment of {amount}{to} failed."
        ),
        NoticeKind.INCOMING_PAYMENT_FAILED: Words(
            "Incoming payment declined", "A payment of {amount}{by} to you did not come through."
        ),
        NoticeKind.PAYMENT_CANCELLED: Words(
            "Payment cancelled", "Your payment of {amount}{to} was cancelled."
        ),
        NoticeKind.INCOMING_PAYMENT_CANCELLED: Words(
            "Incoming payment cancelled", "A payment of {amount}{by} to you was cancelled."
        ),
        NoticeKind.REFUND_RECEIVED: Words("Refund received", "You got {amount} back{by}."),
        NoticeKind.REFUND_MADE: Words(
            "Payment refunded", "{amount} that you had received went back{to}."
        ),
        NoticeKind.REFUND_FAILED: Words(
            "Refund not paid out", "A refund of {amount}{by} could not be paid out to you."
        ),
        NoticeKind.REFUND_RETURNED: Words(
            "Refund came back",
            "A refund of {amount}{to} could not be paid out; the money is yours again.",
        ),
        NoticeKind.PAYMENT_DISPUTED: Words(
            "Payment disputed",
            "{amount} that you had received{by} is disputed by the card's owner.",
        ),
        NoticeKind.DISPUTE_WON: Words(
            "Dispute won",
            "The dispute over {amount}{by} was decided for you: the money is yours.",
        ),
        NoticeKind.DISPUTE_LOST: Words(
            "Dispute lost",
            "The dispute over {amount}{by} was decided against you: the money goes to the card's"
            " owner.",
        ),
        NoticeKind.WALLET_TOPPED_UP: Words(
            "Wallet topped up", "{amount} was added to your wallet."
        ),
        NoticeKind.BUDGET_NEARLY_USED: Words(
            "Budget nearly used",
            "{amount} of {available} is spent on “{category}” in {month}: 80 % of the budget or"
            " more.",
        ),
        NoticeKind.BUDGET_USED: Words(
            "Budget used up",
            "{amount} is spent on “{category}” in {month}; the budget was {available}.",
        ),
        NoticeKind.LOGIN_LOCKED: Words(
            "Login locked",
            "Many wrong passwords were given for your account. Nobody can log in from there until"
            " {until}. If it was not you, nothing needs to be done; a new password lifts the lock.",
        ),
        NoticeKind.API_KEY_IN_NEW_PLACE: Words(
            "API key used from a new place",
            "Your API key {hint} was used from a network that it had not been used from. Your log"
            " of events says from where. If it was not your program, revoke the key.",
        ),
        NoticeKind.TOTP_ADDED: Words(
            "Authenticator app added", "Logins ask for its code.{not_you}"
        ),
        NoticeKind.TOTP_REMOVED: Words(
            "Authenticator app removed", "Its codes open nothing.{not_you}"
        ),
        NoticeKind.PASSKEY_ADDED: Words("Passkey added", "It logs in to your account.{not_you}"),
        NoticeKind.PASSKEY_REMOVED: Words("Passkey removed", "It opens nothing any more.{not_you}"),
        NoticeKind.CONFIRMATION_LIMITS_CHANGED: Words(
            "Confirmation limits changed",
            "You are asked who you are above other amounts than before.{not_you}",
        ),
        NoticeKind.EXPORT_READY: Words(
            "File ready",
            "The {format} file that you ordered is ready: {rows} rows.",
        ),
        NoticeKind.EXPORT_FAILED: Words(
            "File not made",
            "The {format} file that you ordered could not be made. Order it again.",
        ),
        NoticeKind.WEBHOOKS_OFF_GONE: Words(
            "Webhooks switched off", "{url} answered that it wants no more events (410 Gone)."
        ),
        NoticeKind.WEBHOOKS_OFF_FAILING: Words(
            "Webhooks switched off",
            "Ten attempts in a row to send events to {url} have failed."
            " Mend it, switch it on and replay what was missed.",
        ),
    },
    "ru": {
        NoticeKind.PAYMENT_PAID: Words("Платёж выполнен", "Вы заплатили {amount}{to}."),
        NoticeKind.PAYMENT_RECEIVED: Words("Получены деньги", "Вы получили {amount}{by}."),
        NoticeKind.PAYMENT_FAILED: Words(
            "Платёж отклонён", "Ваш платёж на {amount}{to} не прошёл."
        ),
        NoticeKind.INCOMING_PAYMENT_FAILED: Words(
            "Входящий платёж отклонён", "Платёж вам на {amount}{by} не прошёл."
        ),
        NoticeKind.PAYMENT_CANCELLED: Words(
            "Платёж отменён", "Ваш платёж на {amount}{to} отменён."
        ),
        NoticeKind.INCOMING_PAYMENT_CANCELLED: Words(
            "Входящий платёж отменён", "Платёж вам на {amount}{by} отменён."
        ),
        NoticeKind.REFUND_RECEIVED: Words("Получен возврат", "Вам возвращено {amount}{by}."),
        NoticeKind.REFUND_MADE: Words(
            "Платёж возвращён", "Полученные вами {amount} возвращены{to}."
        ),
        NoticeKind.REFUND_FAILED: Words(
            "Возврат не выплачен", "Возврат {amount}{by} не удалось вам выплатить."
        ),
        NoticeKind.REFUND_RETURNED: Words(
            "Возврат не прошёл",
            "Возврат {amount}{to} не удалось выплатить; деньги снова ваши.",
        ),
        NoticeKind.PAYMENT_DISPUTED: Words(
            "Платёж оспорен", "Владелец карты оспорил полученные вами {amount}{by}."
        ),
        NoticeKind.DISPUTE_WON: Words(
            "Спор выигран", "Спор о {amount}{by} решён в вашу пользу: деньги ваши."
        ),
        NoticeKind.DISPUTE_LOST: Words(
            "Спор проигран",
            "Спор о {amount}{by} решён не в вашу пользу: деньги уходят владельцу карты.",
        ),
        NoticeKind.WALLET_TOPPED_UP: Words("Кошелёк пополнен", "Ваш кошелёк пополнен на {amount}."),
        NoticeKind.BUDGET_NEARLY_USED: Words(
            "Бюджет почти исчерпан",
            "На «{category}» за {month} потрачено {amount} из {available}: 80 % бюджета или"
            " больше.",
        ),
        NoticeKind.BUDGET_USED: Words(
            "Бюджет исчерпан",
            "На «{category}» за {month} потрачено {amount}; бюджет был {available}.",
        ),
        NoticeKind.LOGIN_LOCKED: Words(
            "Вход заблокирован",
            "Для вашей учётной записи много раз указали неверный пароль. Войти оттуда нельзя до"
            " {until}. Если это были не вы, делать ничего не нужно; новый пароль снимает"
            " блокировку.",
        ),
        NoticeKind.API_KEY_IN_NEW_PLACE: Words(
            "Ключ API использован в новом месте",
            "Ваш ключ API {hint} использован из сети, откуда им ещё не пользовались. Откуда именно,"
            " видно в журнале событий. Если это не ваша программа, отзовите ключ.",
        ),
        NoticeKind.TOTP_ADDED: Words(
            "Приложение для кодов подключено", "Вход спросит код.{not_you}"
        ),
        NoticeKind.TOTP_REMOVED: Words("Приложение для кодов удалено", "Коды не нужны.{not_you}"),
        NoticeKind.PASSKEY_ADDED: Words("Ключ доступа добавлен", "Он открывает ваш вход.{not_you}"),
        NoticeKind.PASSKEY_REMOVED: Words(
            "Ключ доступа удалён", "Он больше не действует.{not_you}"
        ),
        NoticeKind.CONFIRMATION_LIMITS_CHANGED: Words(
            "Пороги подтверждения изменены",
            "Подтверждение спрашивается с других сумм, чем раньше.{not_you}",
        ),
        NoticeKind.EXPORT_READY: Words(
            "Файл готов",
            "Заказанный вами файл {format} готов, строк: {rows}.",
        ),
        NoticeKind.EXPORT_FAILED: Words(
            "Файл не создан",
            "Заказанный вами файл {format} создать не удалось. Закажите его ещё раз.",
        ),
        NoticeKind.WEBHOOKS_OFF_GONE: Words(
            "Вебхуки отключены", "{url} ответил, что событий больше не ждёт (410 Gone)."
        ),
        NoticeKind.WEBHOOKS_OFF_FAILING: Words(
            "Вебхуки отключены",
            "Десять попыток подряд отправить события на {url} не удались."
            " Исправьте, включите и повторите пропущенное.",
        ),
    },
}
_NOT_YOU: Final[Mapping[Language, str]] = {
    "en": " If it was not you, set a new password and end all sessions.",
    "ru": " Если это были не вы, смените пароль и завершите все сеансы.",
}
_TO: Final[Mapping[Language, str]] = {"en": " to {}", "ru": " пользователю {}"}
_BY: Final[Mapping[Language, str]] = {"en": " from {}", "ru": " от пользователя {}"}


def amount_words(facts: Mapping[str, Any], name: str = "amount_minor") -> str:
    """Return an amount for people, such as `150.00 RUB`; empty if there is none."""
    if name not in facts:
        return ""
    return f"{decimal_text(facts[name], facts['currency'])} {facts['currency']}"


def moment_words(text: str) -> str:
    """Return an ISO 8601 time for people."""
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def words(
    kind: NoticeKind, facts: Mapping[str, Any], other_username: str | None, language: Language
) -> Words:
    """Return title and text of a notice."""
    template = _TEXTS[language][kind]
    text = template.text.format(
        amount=amount_words(facts),
        to=_phrase(_TO[language], other_username),
        by=_phrase(_BY[language], other_username),
        url=facts.get("url", ""),
        format=facts.get("format", "").upper(),
        rows=facts.get("rows", ""),
        hint=facts.get("hint", ""),
        available=amount_words(facts, "available_minor"),
        category=facts.get("category", ""),
        month=facts.get("month", ""),
        not_you=_NOT_YOU[language],
        until=moment_words(facts["until"]) if "until" in facts else "",
    )
    reason = reason_words(facts.get("reason"), language) or dispute_words(
        facts.get("dispute_reason"), language
    )
    return Words(template.title, text if reason is None else f"{text} {reason}")


def _phrase(pattern: str, name: str | None) -> str:
    return "" if name is None else pattern.format(name)
