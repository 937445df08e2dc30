"""kit.web.state: what the composition root has put there, as an operation's argument."""

from typing import Annotated

from kit.web.routes import Router
from kit.web.state import from_state

from .conftest import serve, till


async def test_an_operation_is_handed_what_stands_under_a_name_when_it_is_asked(
    router: Router,
) -> None:
    @router.get("/v1/greet", access="public", operation_id="greet", summary="Greet")
    async def greet(greeting: Annotated[str, from_state("greeting")]) -> dict[str, str]:
        return {"said": greeting}

    app = till(router)
    async with serve(app) as client:
        for word in ("hello", "good night"):
            app.state.greeting = word
            assert (await client.get("/v1/greet")).json() == {"said": word}
