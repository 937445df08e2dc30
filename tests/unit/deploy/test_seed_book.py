"""The demonstration's book: what is there is found, wherever in a list it stands."""

from collections import defaultdict
from typing import Any

import httpx
import orjson
from deploy.calls import ApiCaller
from deploy.seed_book import fill_book

PAGE = 2


class Finance(httpx.BaseTransport):
    """Keeps what is posted, and lists it in pages of two, the newest first."""

    def __init__(self) -> None:
        self.kept: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        noun = request.url.path.removeprefix("/v1/finance/")
        if request.method == "POST":
            made = {"id": f"{noun} {len(self.kept[noun])}", **orjson.loads(request.content)}
            self.kept[noun].insert(0, made)
            return httpx.Response(201, json=made)
        query = request.url.params
        listed = [one for one in self._listed(noun) if query.get("text", "") in str(one)]
        begin = int(query.get("cursor", "0"))
        end = begin + PAGE
        cursor = f"{end}" if end < len(listed) else None
        return httpx.Response(200, json={"items": listed[begin:end], "next_cursor": cursor})

    def _listed(self, noun: str) -> list[dict[str, Any]]:
        return self.kept[noun] + (self.kept["transfers"] if noun == "transactions" else [])


def test_what_is_on_any_page_is_not_made_again() -> None:
    finance = Finance()
    with httpx.Client(transport=finance, base_url="http://finance.test") as http:
        alice = ApiCaller(http, {})
        first = fill_book(alice)
        counts = {noun: len(kept) for noun, kept in finance.kept.items() if noun != "rules/apply"}
        assert fill_book(alice) == first == "3 accounts, 5 categories, 2 rules"
    assert {noun: len(finance.kept[noun]) for noun in counts} == counts
