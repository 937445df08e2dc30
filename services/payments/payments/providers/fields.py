"""Types providers' ids and addresses; refuses what can't be stored or shown."""

from typing import Annotated, TypeAlias

from pydantic import StringConstraints

# Any id or name of theirs: of a charge, a payment intent, a refund, an event, a kind of event.
ProviderId: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,255}$")]

# The card page that the payer is sent to.
PageUrl: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^https?://[\x21-\x7e]+$", max_length=8000)
]
