"""The table of a run: what is kept of it, and what a section that lacks a program says."""

import json
from pathlib import Path

from tests.benchmarks import cpu
from tests.benchmarks.__main__ import run, why_not
from tests.benchmarks.report import Figures, Table, ratio


def test_every_round_is_kept_of_the_ratio_or_else_of_the_figure(tmp_path: Path) -> None:
    table = Table({"hello_micros": 150.0}, section="settled")
    table.add("spread", "20/s", "pgbench 100/s", ratio([20, 30], [100, 100]), "≥ 0.12")
    table.add("alone", Figures([20, 30]))
    table.add("errors", "0")
    table.write(tmp_path / "run.json")
    written = json.loads((tmp_path / "run.json").read_text())
    assert written["hello_micros"] == 150
    assert [row["values"] for row in written["rows"]] == [[0.2, 0.3], [20, 30], None]
    assert {row["section"] for row in written["rows"]} == {"settled"}


def test_what_is_missing_is_named_with_the_package_that_has_it() -> None:
    assert why_not("reads", ["nginx"]) == "nginx is not installed: apt-get install nginx"


async def test_a_section_that_breaks_is_told_and_the_next_one_follows() -> None:
    table = Table()

    async def broken() -> None:
        raise ValueError("no more payments")

    async def whole() -> None:
        table.add("settled", "20/s")

    await run({"core": broken, "settled": whole}, table)
    assert [(row["section"], row["figure"]) for row in table.rows] == [
        ("core", "broke"),
        ("settled", "20/s"),
    ]
    assert table.broken == ["core"]


def test_what_a_process_spent_is_listed_without_the_bench_itself_the_most_first() -> None:
    before = {"bench": 1.0, "wallet": 2.0, "payments": 3.0}
    after = {"bench": 9.0, "wallet": 2.5, "payments": 4.0}
    assert list(cpu.spent(before, after).items()) == [("payments", 1.0), ("wallet", 0.5)]
