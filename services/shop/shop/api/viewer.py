"""Says who looks at the catalogue: editors also see what is not shown."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends

from kit.refusals import Forbidden
from kit.web.identity import MaybeCaller
from shop.wiring import Wired

OK, CREATED, ACCEPTED = 200, 201, 202
OPEN_CATALOGUE: Final = "open_catalogue"


@dataclass(frozen=True, slots=True)
class CatalogueViewer:
    """Who reads the catalogue; anybody may."""

    may_see_all: bool

    @property
    def kind(self) -> str:
        """What the cursors of lists are bound to."""
        return "editor" if self.may_see_all else ""

    def require(self, is_active: bool | None) -> None:  # noqa: FBT001 - a filter's value
        """Refuse a filter for what this viewer may not see.

        Raises:
            Forbidden: only editors see what is not active.
        """
        if is_active is False and not self.may_see_all:
            raise Forbidden


async def _viewer(wired: Wired, caller: MaybeCaller) -> CatalogueViewer:
    is_open = wired.settings.open_catalogue
    return CatalogueViewer(caller is not None and (caller.is_admin or is_open))


Viewing = Annotated[CatalogueViewer, Depends(_viewer)]
