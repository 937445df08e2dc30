"""Holds why a provider refused a call, or a charge failed, in its own words."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFault:
    """What a provider said of a fault; for operators, not for payers.

    Attributes:
        status: Of its answer; None where there was none, or the answer itself was good.
        kind: Its kind of error.
        code: Its code.
        decline_code: The reason that the card's bank gave.
        parameter: The part of our request that it is about.
        message: Its text, or what broke: one short line without card numbers or secrets.
        request_id: The id by which its support finds the call.
    """

    status: int | None = None
    kind: str | None = None
    code: str | None = None
    decline_code: str | None = None
    parameter: str | None = None
    message: str | None = None
    request_id: str | None = None

    @property
    def known(self) -> dict[str, str | int]:
        """The fields that it filled, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def text(self) -> str:
        """The same as one line."""
        return " ".join(f"{name}={value}" for name, value in self.known.items())
