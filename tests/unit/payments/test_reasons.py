import pytest

from payments.domain.payment import PaymentStatus
from payments.domain.reasons import (
    REASON_LABELS,
    reason_label,
    refund_reason_label,
    status_label,
)


@pytest.mark.parametrize(
    ("status", "label"),
    [
        (PaymentStatus.CREATED, "Создан"),
        (PaymentStatus.PROCESSING, "Обрабатывается"),
        (PaymentStatus.PAID, "Оплачен"),
        (PaymentStatus.CANCELLED, "Отменен"),
        (PaymentStatus.FAILED, "Отклонен"),
        (PaymentStatus.REFUNDED, "Возвращен"),
    ],
)
def test_states_have_their_russian_words(status: PaymentStatus, label: str) -> None:
    assert status_label(status, "ru") == label


def test_every_state_has_words_in_both_languages() -> None:
    for status in PaymentStatus:
        assert status_label(status, "en") != status_label(status, "ru")


def test_reasons_have_words_in_both_languages_and_a_strange_one_has_none() -> None:
    assert REASON_LABELS["en"].keys() == REASON_LABELS["ru"].keys()
    assert reason_label("insufficient_funds", "en") == "Not enough money in the payer's wallet"
    assert reason_label("of another world", "en") is None
    assert reason_label(None, "ru") is None


@pytest.mark.parametrize(
    ("code", "paying", "giving_back"),
    [
        (
            "insufficient_funds",
            ("Not enough money in the payer's wallet", "В кошельке плательщика недостаточно денег"),
            ("Not enough money in the payee's wallet", "В кошельке получателя недостаточно денег"),
        ),
        (
            "wallet_frozen",
            ("The payer's wallet is frozen", "Кошелёк плательщика заморожен"),
            ("The payee's wallet is frozen", "Кошелёк получателя заморожен"),
        ),
        (
            "balance_limit",
            (
                "The payee's wallet cannot hold that much more",
                "Кошелёк получателя не вмещает такой суммы",
            ),
            (
                "The payer's wallet cannot hold that much more",
                "Кошелёк плательщика не вмещает такой суммы",
            ),
        ),
        (
            "wallet_unavailable",
            ("The wallet did not answer in time", "Кошелёк не ответил вовремя"),
            ("The wallet did not answer in time", "Кошелёк не ответил вовремя"),
        ),
    ],
)
def test_a_code_names_the_side_that_it_is_about_both_ways(
    code: str, paying: tuple[str, str], giving_back: tuple[str, str]
) -> None:
    assert (reason_label(code, "en"), reason_label(code, "ru")) == paying
    assert (refund_reason_label(code, "en"), refund_reason_label(code, "ru")) == giving_back
