import pytest
from deploy.generate.pages import UnknownBlockError, code, fill, table

PAGE = """# Room

<!-- generated:endpoints -->
old
<!-- /generated -->

In between, by hand.

<!-- generated:messages -->
<!-- /generated -->
"""


def test_blocks_are_written_anew_and_the_rest_stays() -> None:
    filled = fill(PAGE, {"endpoints": lambda: "| new |", "messages": lambda: "none"})
    assert filled == (
        "# Room\n\n<!-- generated:endpoints -->\n\n| new |\n\n<!-- /generated -->\n\n"
        "In between, by hand.\n\n"
        "<!-- generated:messages -->\n\nnone\n\n<!-- /generated -->\n"
    )


def test_filling_again_changes_nothing() -> None:
    blocks = {"endpoints": lambda: "| new |\n", "messages": lambda: "\nnone"}
    filled = fill(PAGE, blocks)
    assert fill(filled, blocks) == filled


def test_a_block_that_nobody_writes_is_refused() -> None:
    with pytest.raises(UnknownBlockError, match="messages"):
        fill(PAGE, {"endpoints": lambda: ""})


def test_text_with_backslashes_is_put_in_as_it_is() -> None:
    assert r"\1 \g<head>" in fill(PAGE, {"endpoints": lambda: r"\1 \g<head>", "messages": str})


def test_a_cell_never_ends_its_row() -> None:
    rows = [("a|b", "two\nlines")]
    assert table(("one", "two"), rows) == "| one | two |\n|---|---|\n| a\\|b | two lines |"


def test_a_table_without_rows_is_a_dash() -> None:
    assert table(("one",), []) == "\N{EN DASH}"


def test_nothing_is_no_code() -> None:
    assert code("") == ""
    assert code("x") == "`x`"
