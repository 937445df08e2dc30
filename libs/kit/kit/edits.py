"""Refuses edits of objects that have changed since they were read.

Knows no HTTP: `kit.web.etags` reads If-Match.
"""

from dataclasses import dataclass

from kit.refusals import Refusal


class EditStale(Refusal):
    """The object has changed since the caller read it."""

    code = "edit_stale"
    status = 412
    title_en = "Changed meanwhile"
    title_ru = "Уже изменено"
    detail_en = "It has changed since you read it (If-Match). Read it again, then repeat the edit."
    detail_ru = "Оно изменилось после чтения (If-Match). Прочитайте заново и повторите правку."


@dataclass(frozen=True, slots=True)
class Edition:
    """Names the versions of an object that an edit accepts; None accepts any."""

    tags: frozenset[str] | None = None

    def check(self, *versions: int) -> None:
        """Refuse the edit unless it accepts the object's present version.

        A tag may name more versions than are asked for: ``check(7)`` takes the tag of 7 and 3,
        ``check(7, 3)`` no other than that.

        Raises:
            EditStale: no tag fits.
        """
        if self.tags is None:
            return
        wanted = [str(version) for version in versions]
        if not any(tag.split("-")[: len(wanted)] == wanted for tag in self.tags):
            raise EditStale


ANY_EDITION = Edition()
