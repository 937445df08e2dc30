"""Which tests show a security check is read from their marks."""

from pathlib import Path

from deploy.generate import checks

MARKED = """
import pytest

@pytest.mark.check(11)
def test_one(): ...

@pytest.mark.check(12, 11)
@pytest.mark.parametrize("kind", [1, 2])
async def test_two(kind): ...

@pytest.mark.parametrize("kind", [1, 2])
def test_of_something_else(kind): ...

@pytest.mark.check(13)
class TestOfAClass:
    def help(self): ...
    def test_four(self): ...
    @pytest.mark.check(14)
    async def test_five(self): ...
"""


def test_each_number_of_a_mark_is_shown_by_its_test(tmp_path: Path) -> None:
    path = tmp_path / "test_tokens.py"
    path.write_text(MARKED)
    (tmp_path / "test_others.py").write_text("def test_three(): ...\n")
    assert list(checks.shown(tmp_path)) == [
        checks.Shown(11, path, "test_one"),
        checks.Shown(11, path, "test_two"),
        checks.Shown(12, path, "test_two"),
        checks.Shown(13, path, "test_four"),
        checks.Shown(13, path, "test_five"),
        checks.Shown(14, path, "test_five"),
    ]


def test_the_table_names_each_check_and_leads_to_its_tests() -> None:
    text = checks.checks()
    for group in checks.groups():
        assert f"**{group.title}**" in text
        for number, words in group.checks.items():
            assert f"| {number} | {words} | [" in text
    assert "[unit/kit/tokens/verifier](tests/unit/kit/tokens/test_verifier.py) (2)" in text
