"""Shop as tests see it: requests in, answers and rows out."""

from dataclasses import dataclass
from typing import Any

import httpx

from kit.db import Database
from kit.runtime import Service

Json = dict[str, Any]
CATEGORIES = "/v1/shop/categories"
PRODUCTS = "/v1/shop/products"


def code(answer: httpx.Response) -> str:
    """Return the code of a refusal, or that of its only field."""
    told = answer.json()
    found: str = told["errors"][0]["code"] if told.get("errors") else told["code"]
    return found


@dataclass(frozen=True, slots=True)
class Room:
    """One shop, and who asks it: an admin, a user, anybody."""

    service: Service
    database: Database
    http: httpx.AsyncClient
    user: dict[str, str]
    admin: dict[str, str]

    async def category(self, name: str = "Phones", **more: Any) -> Json:
        """Add a category as an admin."""
        return self._made(
            await self.http.post(CATEGORIES, json={"name": name, **more}, headers=self.admin)
        )

    async def product(self, name: str = "Phone", price: str = "100.00", **more: Any) -> Json:
        """Add a product as an admin."""
        body = {"name": name, "price": price, "stock": 10, **more}
        return self._made(await self.http.post(PRODUCTS, json=body, headers=self.admin))

    async def edit(self, path: str, tag: str | None = None, **changes: Any) -> httpx.Response:
        """Change something as an admin, with If-Match where a tag is given."""
        headers = self.admin if tag is None else {**self.admin, "If-Match": tag}
        return await self.http.patch(path, json=changes, headers=headers)

    async def names(self, *, headers: dict[str, str] | None = None, **query: Any) -> list[str]:
        """Return the names of all products of a list, read page by page."""
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            answer = await self.http.get(PRODUCTS, params={**query, **cursor}, headers=headers)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += [one["name"] for one in page["items"]]
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}

    @staticmethod
    def _made(answer: httpx.Response) -> Json:
        assert answer.status_code == 201, answer.text
        made: Json = answer.json()
        return made
