"""kit.web.problems: RFC 9457 documents."""

import orjson
import pytest

from kit.refusals import FieldFault, NotFound, Unavailable, ValidationFailed
from kit.web.problems import raw_headers, render


def test_a_refusal_is_a_problem_document() -> None:
    status, headers, body = render(NotFound(), accept_language=None, request_id="r-1")

    assert status == 404
    assert (b"content-type", b"application/problem+json") in headers
    assert (b"content-language", b"en") in headers
    assert (b"vary", b"Accept-Language") in headers
    assert orjson.loads(body) == {
        "type": "urn:saldo:problem:not_found",
        "title": "Not found",
        "status": 404,
        "detail": "There is nothing here, or it is not yours.",
        "instance": "urn:saldo:request:r-1",
        "code": "not_found",
        "request_id": "r-1",
    }


def test_its_texts_are_in_the_callers_language() -> None:
    fault = FieldFault("/amount", "required", "Required.", "Обязательное поле.")
    _, headers, body = render(
        ValidationFailed(errors=[fault]), accept_language="ru", request_id="r"
    )

    assert (b"content-language", b"ru") in headers
    document = orjson.loads(body)
    assert document["title"] == "Значения не приняты"
    assert document["errors"] == [
        {"pointer": "/amount", "code": "required", "detail": "Обязательное поле."}
    ]


def test_the_headers_of_a_refusal_are_sent() -> None:
    _, headers, _ = render(Unavailable(retry_after_seconds=5), accept_language=None, request_id="r")

    assert (b"retry-after", b"5") in headers


@pytest.mark.check(44)
@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\nb", "a\rb", "a\0b"])
def test_a_header_value_can_not_split_the_answer(value: str) -> None:
    with pytest.raises(ValueError, match="control character"):
        raw_headers({"Location": value})
