"""kit.web.serving.bodies and pagination: for all documents and cursors."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from kit.refusals import BodyUnreadable, CursorInvalid, QueryInvalid
from kit.web.faults import nul_faults
from kit.web.pagination import Cursors
from kit.web.serving.bodies import parse_form, parse_json, parse_query

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**63), max_value=2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4)
)
moments = st.datetimes(
    min_value=datetime(1900, 1, 1),  # noqa: DTZ001 (the zone follows)
    timezones=st.just(UTC),
)


@given(documents, st.booleans())
def test_every_document_is_read_as_it_was_written(document: Any, ascii_only: bool) -> None:  # noqa: FBT001
    assert parse_json(json.dumps(document, ensure_ascii=ascii_only).encode()) == document


@pytest.mark.check(36)
@given(st.dictionaries(texts, documents, min_size=1, max_size=4), documents, st.integers(0, 3))
def test_a_repeated_name_is_found_at_any_depth(
    document: dict[str, Any], other: Any, depth: int
) -> None:
    name = next(iter(document))
    members = [*document.items(), (name, other)]
    written = ", ".join(f"{json.dumps(key)}: {json.dumps(item)}" for key, item in members)
    body = '[{"in": ' * depth + "{" + written + "}" + "}]" * depth

    with pytest.raises(BodyUnreadable):
        parse_json(body.encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for read, refusal in (
        (parse_json, BodyUnreadable),
        (parse_form, BodyUnreadable),
        (parse_query, QueryInvalid),
    ):
        try:
            read(body)
        except refusal:
            continue


@pytest.mark.check(35)
@given(documents)
def test_texts_with_nul_are_found_exactly_where_they_are(document: Any) -> None:
    assert bool(nul_faults(document)) == ("\\u0000" in _escapes(document))


def _escapes(document: Any) -> str:
    return json.dumps(document).replace("\\\\", "")


@given(moments, st.uuids())
def test_a_cursor_is_read_back(created_at: datetime, made_id: Any) -> None:
    cursors = Cursors(SecretStr("secret"), list_name="list", subject="alice")

    assert cursors.decode(cursors.encode(created_at, made_id)) == (created_at, made_id)


@given(st.text(max_size=80))
def test_no_other_text_is_a_cursor(text: str) -> None:
    with pytest.raises(CursorInvalid):
        Cursors(SecretStr("secret"), list_name="list", subject="alice").decode(text)
