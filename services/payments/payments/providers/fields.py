"""What providers' own names and texts may be: what can't be stored or shown is no answer."""

from typing import Annotated, TypeAlias

from pydantic import StringConstraints

# An id of theirs: of a charge, its money, a refund, an event, or what an event is called.
ProviderId: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,255}$")]

# Where the payer is sent to.
PageUrl: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^https?://[\x21-\x7e]+$", max_length=8000)
]
