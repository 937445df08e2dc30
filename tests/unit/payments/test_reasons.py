import pytest

from payments.domain.payment import Status
from payments.domain.reasons import REASON_LABELS, reason_label, status_label


@pytest.mark.parametrize(
    ("status", "label"),
    [
        (Status.CREATED, "Создан"),
        (Status.PROCESSING, "Обрабатывается"),
        (Status.PAID, "Оплачен"),
        (Status.CANCELLED, "Отменен"),
        (Status.FAILED, "Отклонен"),
        (Status.REFUNDED, "Возвращен"),
    ],
)
def test_states_have_their_russian_words(status: Status, label: str) -> None:
    assert status_label(status, "ru") == label


def test_every_state_has_words_in_both_languages() -> None:
    for status in Status:
        assert status_label(status, "en") != status_label(status, "ru")


def test_reasons_have_words_in_both_languages_and_a_strange_one_has_none() -> None:
    assert REASON_LABELS["en"].keys() == REASON_LABELS["ru"].keys()
    assert reason_label("insufficient_funds", "en") == "Not enough money in the payer's wallet"
    assert reason_label("of another world", "en") is None
    assert reason_label(None, "ru") is None
