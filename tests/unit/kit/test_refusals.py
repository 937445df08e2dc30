"""kit.refusals: codes, texts, catalogue."""

from types import ModuleType
from typing import Any

import pytest

from kit import money, refusals
from kit.refusals import (
    BodyTooLarge,
    FieldFault,
    IdempotencyKeyReused,
    MethodNotAllowed,
    NotAuthenticated,
    Refusal,
    RequestRefused,
    TooManyRequests,
    Unavailable,
    ValidationFailed,
    catalogue,
)


def test_every_refusal_has_a_snake_case_code_a_status_and_texts_in_both_languages() -> None:
    for refusal in catalogue(refusals, money):
        assert refusal.code.islower()
        assert refusal.code.replace("_", "").isalpha()
        assert 400 <= refusal.status < 600
        for text in (refusal.title_en, refusal.detail_en):
            assert text
            assert not any("а" <= letter <= "я" for letter in text.lower())
        for text in (refusal.title_ru, refusal.detail_ru):
            assert any("а" <= letter <= "я" for letter in text.lower())


def test_the_catalogue_lists_what_a_module_defines_by_code() -> None:
    codes = [refusal.code for refusal in catalogue(refusals)]

    assert codes == sorted(codes)
    assert {"not_found", "validation_failed", "unavailable"} <= set(codes)
    assert [refusal.code for refusal in catalogue(money)] == ["amount_invalid", "currency_unknown"]


def test_two_refusals_of_one_code_are_an_error() -> None:
    module = ModuleType("doubled")
    for name in ("First", "Second"):
        made = type(name, (Refusal,), {"code": "same", "__module__": "doubled"})
        setattr(module, name, made)

    with pytest.raises(ValueError, match="same"):
        catalogue(module)


def test_texts_are_filled_from_the_parameters_in_either_language() -> None:
    refusal = BodyTooLarge(limit_bytes=1024)

    assert refusal.detail() == "The body may have at most 1024 bytes."
    assert "1024" in refusal.detail("ru")
    assert refusal.title() == "Body too large"
    assert refusal.title("ru") == "Тело запроса слишком велико"
    assert str(refusal) == "body_too_large: The body may have at most 1024 bytes."


def test_a_text_without_parameters_may_hold_braces() -> None:
    class Braces(Refusal):
        code = "braces"
        detail_en = "{as they are}"

    assert Braces().detail() == "{as they are}"


def test_errors_name_the_fields_in_either_language() -> None:
    fault = FieldFault("/amount", "required", "Required.", "Обязательно.")
    refusal = ValidationFailed(errors=[fault], headers={"X": "y"})

    assert refusal.errors == (fault,)
    assert refusal.headers == {"X": "y"}
    assert (fault.detail("en"), fault.detail("ru")) == ("Required.", "Обязательно.")


def test_a_reused_key_names_the_differing_fields_as_pointers() -> None:
    refusal = IdempotencyKeyReused(fields=["amount", "a/b~c"])

    assert [fault.pointer for fault in refusal.errors] == ["/amount", "/a~1b~0c"]
    assert "amount, a/b~c" in refusal.detail()


@pytest.mark.parametrize(
    ("refusal", "header", "value"),
    [
        (NotAuthenticated(), "WWW-Authenticate", "Bearer"),
        (refusals.TokenInvalid(), "WWW-Authenticate", 'Bearer error="invalid_token"'),
        (refusals.IdempotencyInFlight(), "Retry-After", "1"),
        (TooManyRequests(retry_after_seconds=7), "Retry-After", "7"),
        (Unavailable(retry_after_seconds=3), "Retry-After", "3"),
        (refusals.ContentTypeUnsupported(), "Accept", "application/json"),
    ],
)
def test_refusals_carry_the_headers_that_belong_to_their_status(
    refusal: Any, header: str, value: str
) -> None:
    assert refusal.headers[header] == value


def test_a_nameless_refusal_has_a_status_of_its_own() -> None:
    assert RequestRefused(status=418).status == 418
    assert RequestRefused().status == 400


def test_a_wrong_method_names_the_right_ones_and_a_path_that_is_near() -> None:
    alone = MethodNotAllowed(allowed={"POST", "GET"})
    assert alone.headers == {"Allow": "GET, POST"}
    assert "near" not in alone.detail("en")
    near = MethodNotAllowed(allowed={"GET"}, near="/v1/payments/{id}/pay")
    assert near.detail("en").endswith("/v1/payments/{id}/pay is near it.")
    assert near.detail("ru").endswith("Похожий путь: /v1/payments/{id}/pay.")
