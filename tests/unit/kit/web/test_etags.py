"""kit.edits and kit.web.etags: an edit of what has changed meanwhile is refused."""

import pytest

from kit.edits import ANY_EDITION, Edition, EditStale
from kit.web.etags import IfMatchMalformed, edition, etag


def test_a_tag_is_made_of_the_versions_that_an_object_shows() -> None:
    assert etag(7) == {"ETag": '"7"'}
    assert etag(7, 30) == {"ETag": '"7-30"'}


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        (None, None),
        ("*", None),
        (" * ", None),
        ('"7"', {"7"}),
        ('"7-30"', {"7-30"}),
        ('"7", "8"', {"7", "8"}),
        ('"7","8" ', {"7", "8"}),
        ('W/"7"', set()),
        ('W/"7", "8"', {"8"}),
        ('""', {""}),
        ('"7",', {"7"}),
        (', "7"', {"7"}),
        ('"7",, ,"8" , ', {"7", "8"}),
        ('",", "8"', {",", "8"}),
    ],
)
def test_a_header_names_the_states_that_an_edit_is_meant_for(
    header: str | None, tags: set[str] | None
) -> None:
    assert edition(header) == Edition(None if tags is None else frozenset(tags))


@pytest.mark.parametrize(
    "header", ["7", "", " ", ",", '"7', '7"', '"7" "8"', '"7", 8', "*, *", "w/"]
)
def test_what_is_no_list_of_tags_is_refused(header: str) -> None:
    with pytest.raises(IfMatchMalformed):
        edition(header)


def test_an_edit_of_any_edition_is_never_stale() -> None:
    ANY_EDITION.check(1)
    ANY_EDITION.check(1, 2)


def test_an_edit_is_checked_by_what_it_minds_of_the_versions() -> None:
    meant = edition('"7-30"')
    meant.check(7)
    meant.check(7, 30)
    for versions in ((8,), (7, 31), (30,), (7, 30, 1), (73,)):
        with pytest.raises(EditStale):
            meant.check(*versions)


def test_one_of_several_tags_is_enough_and_none_is_not() -> None:
    edition('"6", "7"').check(7)
    with pytest.raises(EditStale):
        edition('W/"7"').check(7)
