"""Every kind of notice has its words in both languages, and they say what happened."""

import pytest

from kit.refusals import Language
from notifications.domain.notices import NoticeKind
from notifications.domain.reasons import DISPUTE_REASONS, REASONS
from notifications.domain.texts import words

FACTS = {
    "amount_minor": 15000,
    "currency": "RUB",
    "url": "https://hooks.example.com/",
    "until": "2026-02-02T15:30:00+03:00",
    "category": "Кафе {and} more",
    "available_minor": 18000,
    "month": "2026-02",
    "format": "csv",
    "rows": 1200,
    "hint": "sk_test_…9fQa",
}

SAID = [
    (
        NoticeKind.PAYMENT_PAID,
        "You paid 150.00 RUB to bob.",
        "Вы заплатили 150.00 RUB пользователю bob.",
    ),
    (
        NoticeKind.PAYMENT_RECEIVED,
        "You received 150.00 RUB from bob.",
        "Вы получили 150.00 RUB от пользователя bob.",
    ),
    (
        NoticeKind.PAYMENT_FAILED,
        "Your payment of 150.00 RUB to bob failed.",
        "Ваш платёж на 150.00 RUB пользователю bob не прошёл.",
    ),
    (
        NoticeKind.INCOMING_PAYMENT_FAILED,
        "A payment of 150.00 RUB from bob to you did not come through.",
        "Платёж вам на 150.00 RUB от пользователя bob не прошёл.",
    ),
    (
        NoticeKind.PAYMENT_CANCELLED,
        "Your payment of 150.00 RUB to bob was cancelled.",
        "Ваш платёж на 150.00 RUB пользователю bob отменён.",
    ),
    (
        NoticeKind.INCOMING_PAYMENT_CANCELLED,
        "A payment of 150.00 RUB from bob to you was cancelled.",
        "Платёж вам на 150.00 RUB от пользователя bob отменён.",
    ),
    (
        NoticeKind.REFUND_RECEIVED,
        "You got 150.00 RUB back from bob.",
        "Вам возвращено 150.00 RUB от пользователя bob.",
    ),
    (
        NoticeKind.REFUND_MADE,
        "150.00 RUB that you had received went back to bob.",
        "Полученные вами 150.00 RUB возвращены пользователю bob.",
    ),
    (
        NoticeKind.REFUND_FAILED,
        "A refund of 150.00 RUB from bob could not be paid out to you.",
        "Возврат 150.00 RUB от пользователя bob не удалось вам выплатить.",
    ),
    (
        NoticeKind.REFUND_RETURNED,
        "A refund of 150.00 RUB to bob could not be paid out; the money is yours again.",
        "Возврат 150.00 RUB пользователю bob не удалось выплатить; деньги снова ваши.",
    ),
    (
        NoticeKind.PAYMENT_DISPUTED,
        "150.00 RUB that you had received from bob is disputed by the card's owner.",
        "Владелец карты оспорил полученные вами 150.00 RUB от пользователя bob.",
    ),
    (
        NoticeKind.DISPUTE_WON,
        "The dispute over 150.00 RUB from bob was decided for you: the money is yours.",
        "Спор о 150.00 RUB от пользователя bob решён в вашу пользу: деньги ваши.",
    ),
    (
        NoticeKind.DISPUTE_LOST,
        (
            "The dispute over 150.00 RUB from bob was decided against you: the money goes to the"
            " card's owner."
        ),
        (
            "Спор о 150.00 RUB от пользователя bob решён не в вашу пользу: деньги уходят владельцу"
            " карты."
        ),
    ),
    (
        NoticeKind.WALLET_TOPPED_UP,
        "150.00 RUB was added to your wallet.",
        "Ваш кошелёк пополнен на 150.00 RUB.",
    ),
    (
        NoticeKind.BUDGET_NEARLY_USED,
        (
            "150.00 RUB of 180.00 RUB is spent on “Кафе {and} more” in 2026-02: 80 % of the budget"
            " or more."
        ),
        (
            "На «Кафе {and} more» за 2026-02 потрачено 150.00 RUB из 180.00 RUB: 80 % бюджета или"
            " больше."
        ),
    ),
    (
        NoticeKind.BUDGET_USED,
        "150.00 RUB is spent on “Кафе {and} more” in 2026-02; the budget was 180.00 RUB.",
        "На «Кафе {and} more» за 2026-02 потрачено 150.00 RUB; бюджет был 180.00 RUB.",
    ),
    (
        NoticeKind.LOGIN_LOCKED,
        (
            "Many wrong passwords were given for your account. Nobody can log in from there until"
            " 2026-02-02 12:30 UTC. If it was not you, nothing needs to be done; a new password"
            " lifts the lock."
        ),
        (
            "Для вашей учётной записи много раз указали неверный пароль. Войти оттуда нельзя до"
            " 2026-02-02 12:30 UTC. Если это были не вы, делать ничего не нужно; новый пароль"
            " снимает блокировку."
        ),
    ),
    (
        NoticeKind.API_KEY_IN_NEW_PLACE,
        (
            "Your API key sk_test_…9fQa was used from a network that it had not been used from."
            " Your log of events says from where. If it was not your program, revoke the key."
        ),
        (
            "Ваш ключ API sk_test_…9fQa использован из сети, откуда им ещё не пользовались. Откуда"
            " именно, видно в журнале событий. Если это не ваша программа, отзовите ключ."
        ),
    ),
    (
        NoticeKind.TOTP_ADDED,
        "Logins ask for its code. If it was not you, set a new password and end all sessions.",
        "Вход спросит код. Если это были не вы, смените пароль и завершите все сеансы.",
    ),
    (
        NoticeKind.TOTP_REMOVED,
        "Its codes open nothing. If it was not you, set a new password and end all sessions.",
        "Коды не нужны. Если это были не вы, смените пароль и завершите все сеансы.",
    ),
    (
        NoticeKind.PASSKEY_ADDED,
        "It logs in to your account. If it was not you, set a new password and end all sessions.",
        "Он открывает ваш вход. Если это были не вы, смените пароль и завершите все сеансы.",
    ),
    (
        NoticeKind.PASSKEY_REMOVED,
        "It opens nothing any more. If it was not you, set a new password and end all sessions.",
        "Он больше не действует. Если это были не вы, смените пароль и завершите все сеансы.",
    ),
    (
        NoticeKind.CONFIRMATION_LIMITS_CHANGED,
        (
            "You are asked who you are above other amounts than before. If it was not you, set a"
            " new password and end all sessions."
        ),
        (
            "Подтверждение спрашивается с других сумм, чем раньше. Если это были не вы, смените"
            " пароль и завершите все сеансы."
        ),
    ),
    (
        NoticeKind.EXPORT_READY,
        "The CSV file that you ordered is ready: 1200 rows.",
        "Заказанный вами файл CSV готов, строк: 1200.",
    ),
    (
        NoticeKind.EXPORT_FAILED,
        "The CSV file that you ordered could not be made. Order it again.",
        "Заказанный вами файл CSV создать не удалось. Закажите его ещё раз.",
    ),
    (
        NoticeKind.WEBHOOKS_OFF_GONE,
        "https://hooks.example.com/ answered that it wants no more events (410 Gone).",
        "https://hooks.example.com/ ответил, что событий больше не ждёт (410 Gone).",
    ),
    (
        NoticeKind.WEBHOOKS_OFF_FAILING,
        (
            "Ten attempts in a row to send events to https://hooks.example.com/ have failed."
            " Mend it, switch it on and replay what was missed."
        ),
        (
            "Десять попыток подряд отправить события на https://hooks.example.com/ не удались."
            " Исправьте, включите и повторите пропущенное."
        ),
    ),
]


def test_every_kind_is_in_the_table() -> None:
    assert [kind for kind, _, _ in SAID] == list(NoticeKind)


@pytest.mark.parametrize(("kind", "english", "russian"), SAID)
def test_a_kind_is_told_in_both_languages(kind: NoticeKind, english: str, russian: str) -> None:
    assert words(kind, FACTS, "bob", "en").text == english
    assert words(kind, FACTS, "bob", "ru").text == russian
    assert words(kind, FACTS, "bob", "en").title != words(kind, FACTS, "bob", "ru").title


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("kind", NoticeKind)
def test_an_unknown_name_leaves_no_gap(kind: NoticeKind, language: Language) -> None:
    text = words(kind, FACTS, None, language).text
    assert "None" not in text
    assert "  " not in text
    assert " ." not in text
    assert text.endswith(".")


def test_a_name_is_never_taken_for_a_template() -> None:
    assert (
        words(NoticeKind.PAYMENT_PAID, FACTS, "{amount}", "en").text
        == "You paid 150.00 RUB to {amount}."
    )


def test_a_reason_is_added_in_words() -> None:
    facts = {**FACTS, "reason": "insufficient_funds"}
    assert words(NoticeKind.PAYMENT_FAILED, facts, None, "en").text == (
        "Your payment of 150.00 RUB failed. There is not enough money in your wallet."
    )
    assert words(NoticeKind.PAYMENT_FAILED, facts, None, "ru").text == (
        "Ваш платёж на 150.00 RUB не прошёл. В вашем кошельке недостаточно денег."
    )


def test_a_reason_nobody_has_words_for_adds_none() -> None:
    facts = {**FACTS, "reason": "something_new"}
    assert (
        words(NoticeKind.PAYMENT_FAILED, facts, None, "en").text
        == "Your payment of 150.00 RUB failed."
    )


def test_reasons_are_known_in_both_languages() -> None:
    assert REASONS["en"].keys() == REASONS["ru"].keys()
    assert set(REASONS["en"].values()).isdisjoint(REASONS["ru"].values())


def test_every_reason_of_a_dispute_has_its_words_in_both_languages() -> None:
    assert set(DISPUTE_REASONS["en"]) == set(DISPUTE_REASONS["ru"])
    facts = {"amount_minor": 15000, "currency": "RUB", "dispute_reason": "duplicate"}
    said = words(NoticeKind.PAYMENT_DISPUTED, facts, None, "en")
    assert said.text.endswith("The owner says that it was charged twice.")
