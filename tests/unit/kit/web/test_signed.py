import pytest

from kit.refusals import BodyUnreadable, ValidationFailed
from kit.web.schemas import Model
from kit.web.signed import documented, read_as


class Told(Model):
    number: int


def test_a_body_is_read_as_its_model() -> None:
    assert read_as(Told, b'{"number": 1}') == Told(number=1)


@pytest.mark.parametrize("body", [b"", b"{", b'{"number": NaN}', b'{"number": 1, "number": 2}'])
def test_a_body_that_is_no_json_is_unreadable(body: bytes) -> None:
    with pytest.raises(BodyUnreadable):
        read_as(Told, body)


@pytest.mark.parametrize("body", [b"{}", b'{"number": "1"}', b'{"number": 1, "more": 2}'])
def test_a_body_of_another_shape_is_refused_by_name(body: bytes) -> None:
    with pytest.raises(ValidationFailed) as refused:
        read_as(Told, body)
    assert refused.value.errors


def test_it_is_documented_as_a_json_body() -> None:
    [(kind, media)] = documented(Told)["requestBody"]["content"].items()
    assert (kind, media["schema"]["required"]) == ("application/json", ["number"])
