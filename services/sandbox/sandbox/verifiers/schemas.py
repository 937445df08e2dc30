"""Shapes the verification services' requests and answers."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.fields import AmountText, CurrencyCode
from kit.web.schemas import Model
from sandbox.verifiers.box import Behaviour, Verifier, VerifierMode


class VerificationRequest(Model):
    """A payment to check; it says nothing about people."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "payment_id": "0197a8c0-5d1e-7cc3-98c4-dc0c0c07398f",
                    "amount": "15000.00",
                    "currency": "RUB",
                }
            ]
        }
    )

    payment_id: UUID
    amount: AmountText
    currency: CurrencyCode


class VerificationVerdict(Model):
    """A verdict."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"verdict": "denied", "reason": "The sandbox was told to deny."}]
        }
    )

    verdict: Literal["ok", "denied"]
    reason: str | None = Field(description="Why it was denied; null if it was not.")


class BehaviourChange(Model):
    """The new behaviour of a verification service."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"mode": "down"}, {"failure_rate": 0.25, "seed": 7, "mode": "ok"}]
        }
    )

    failure_rate: Annotated[
        float, Field(ge=0, le=1, description="Share of requests that fail, 0 to 1.")
    ] = 0.0
    seed: int | None = Field(
        default=None, description="Makes the order of failures repeatable; null: random."
    )
    mode: VerifierMode = Field(
        default=VerifierMode.OK,
        description="What it does when it does not fail: answer `ok` (`slow`: late) or `deny`,"
        " not answer (`time_out`), answer `nonsense`, or be `down`.",
    )
    delay_ms: Annotated[
        int, Field(ge=0, le=60_000, description="How long every answer takes, in milliseconds.")
    ] = 0

    def behaviour(self) -> Behaviour:
        """Return the behaviour as the service takes it."""
        return Behaviour(self.failure_rate, self.seed, self.mode, self.delay_ms)


class VerifierState(Model):
    """A verification service's behaviour, and its counts since that was set."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "two",
                    "failure_rate": 0.25,
                    "seed": 7,
                    "mode": "ok",
                    "delay_ms": 0,
                    "asked": 12,
                    "failed": 3,
                }
            ]
        }
    )

    name: str
    failure_rate: float
    seed: int | None
    mode: VerifierMode
    delay_ms: int
    asked: int = Field(description="Requests since the behaviour was set.")
    failed: int = Field(description="How many of them failed.")

    @classmethod
    def of(cls, name: str, verifier: Verifier) -> Self:
        """Show a service as it is now."""
        behaviour = verifier.behaviour
        return cls(
            name=name,
            failure_rate=behaviour.failure_rate,
            seed=behaviour.seed,
            mode=behaviour.mode,
            delay_ms=behaviour.delay_ms,
            asked=verifier.asked,
            failed=verifier.failed,
        )
