"""Names that look like others, by the data of Unicode TS 39."""

from unicodedata import normalize

import pytest
from confusable_homoglyphs.utils import load

from auth.domain.lookalikes import looks, new_username, resting_key, skeleton
from auth.refusals import UsernameMixed, UsernameRefused, UsernameReserved


@pytest.mark.parametrize(
    "name",
    [
        "alice",
        "Алиса",
        "иван-2",
        "user_1",
        "日本taro",
        "田中さん",
        "한국kim",
        "josé",
        "ελένη",
        "ann🎈",
    ],
)
def test_names_of_one_script_or_of_scripts_written_together_are_taken(name: str) -> None:
    assert new_username(name) == name


@pytest.mark.parametrize(
    "name", ["аdmin", "pаypal", "аlice", "иvan", "ivanов", "αlpha", "日本иван"]
)
def test_mixed_scripts_are_refused(name: str) -> None:
    with pytest.raises(UsernameMixed):
        new_username(name)


@pytest.mark.parametrize(
    "name",
    [
        "admin",
        "ADMIN",
        "admın",
        "ａｄｍｉｎ",
        "𝐚𝐝𝐦𝐢𝐧",
        "r00t",
        "roοt"[:2] + "ot",
        "suppоrt"[:4] + "ort",
    ],
)
def test_reserved_names_and_what_passes_for_them_are_refused(name: str) -> None:
    with pytest.raises(UsernameReserved):
        new_username(name)


@pytest.mark.parametrize(
    "name",
    [
        *("payments", "service", "support", "root", "wallet", "notifications", "no_reply"),
        *("АДМИН", "админ", "Поддержка", "кошелёк", "служба", "суппорт", "АДМИНИСТРАТОР"),
        *("ѕаӏԁо", "admin1", "admin_2", "1admin", "Admin-2026", "adm1n7", "r00t1", "админ1"),
        *("support²", "saldo-support", "saldoteam", "system.admin", "adminadmin", "саппорт"),
    ],
)
def test_what_is_read_or_sounds_like_a_reserved_name_is_refused(name: str) -> None:
    with pytest.raises(UsernameReserved):
        new_username(name)


@pytest.mark.parametrize(
    "name",
    [
        *("merchant", "user123", "shop1", "team", "12345", "model", "modest", "rooted", "infos"),
        *("admin-anna", "anna.support", "service_a1b2", "walletx", "кассандра", "модерн"),
    ],
)
def test_a_name_that_only_holds_a_reserved_one_is_taken(name: str) -> None:
    assert new_username(name) == name


def test_what_is_no_username_is_none_here_either() -> None:
    with pytest.raises(UsernameRefused):
        new_username("a@b")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("сосо", "coco"),
        ("paypa1", "paypal"),
        ("modem", "modern"),
        ("ALICE", "alice"),
        ("o0o", "ooo"),
        ("ali\u0307ce", "alice"),  # a dot drawn over that of the i
        ("ann\u2764\ufe0f", "ann\u2764"),
    ],
)
def test_what_looks_the_same_has_one_skeleton(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


def test_all_characters_that_the_data_know_are_read_as_they_say() -> None:
    data = load("confusables.json")
    checked = 0
    for one, similar in data.items():
        if len(one) > 1 or len(similar) > 1 or normalize("NFKD", one) != one:
            continue  # a name holds no such letters, or the data name no single one for them
        other = similar[0]["c"]
        said = min(one, other) if len(data.get(other, ())) == 1 else other
        read = normalize("NFD", said.replace("i\u0307", "i").replace("j\u0307", "j")).casefold()
        assert read in looks(one), f"{one!r} passes for {other!r}"
        checked += 1
    assert checked > 3000


def test_a_capital_i_passes_for_a_small_l_as_it_is_written() -> None:
    assert skeleton("paypal") in looks("paypaI")
    assert skeleton("alice") != skeleton("bob")


def test_a_name_rests_under_what_it_looks_like_and_cannot_be_read_from_that() -> None:
    assert resting_key(skeleton("paypa1")) == resting_key(skeleton("paypal"))
    assert resting_key(skeleton("alice")) != resting_key(skeleton("bob"))
    assert b"alice" not in resting_key(skeleton("alice"))
