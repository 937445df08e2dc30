"""Serves the verification services: answers as one, and sets its behaviour."""

import asyncio
from typing import Annotated

from fastapi import Depends

from kit.web.answers import Answer
from kit.web.routes import Router
from kit.web.state import from_state
from sandbox.refusals import VerifierDown, VerifierFailed, VerifierUnknown
from sandbox.verifiers.box import Verifier, VerifierMode
from sandbox.verifiers.schemas import (
    BehaviourChange,
    VerificationRequest,
    VerificationVerdict,
    VerifierState,
)

router = Router(tags=["verification"])


SandboxVerifiers = Annotated[dict[str, Verifier], from_state("verifiers")]


def _verifier(name: str, verifiers: SandboxVerifiers) -> Verifier:
    found = verifiers.get(name)
    if found is None:
        raise VerifierUnknown
    return found


NamedVerifier = Annotated[Verifier, Depends(_verifier)]


@router.post(
    "/sandbox/verify/{name}",
    access="public",
    operation_id="verify",
    summary="Ask for a verdict on a payment",
    response_model=VerificationVerdict,
    refusals=(VerifierDown, VerifierFailed, VerifierUnknown),
)
async def verify(name: str, body: VerificationRequest, verifier: NamedVerifier) -> Answer:  # noqa: ARG001 - both are validated, and change nothing
    """Answer `ok` or `denied`, or misbehave as the service was set to."""
    said = verifier.ask()
    if pause_ms := verifier.behaviour.pause_ms(said):
        await asyncio.sleep(pause_ms / 1000)
    match said:
        case VerifierMode.OK | VerifierMode.SLOW:
            return _verdict(VerificationVerdict(verdict="ok", reason=None))
        case VerifierMode.DENY:
            why = "The sandbox was told to deny."
            return _verdict(VerificationVerdict(verdict="denied", reason=why))
        case VerifierMode.NONSENSE:
            return Answer(200, body=verifier.nonsense())
        case VerifierMode.DOWN:
            raise VerifierDown
        case _:  # it failed, or was silent for longer than any client waits
            raise VerifierFailed


def _verdict(verdict: VerificationVerdict) -> Answer:
    return Answer(200, verdict)


@router.get(
    "/sandbox/verify/{name}",
    access="public",
    operation_id="get_verifier",
    summary="Get a verification service's behaviour",
    refusals=(VerifierUnknown,),
)
async def get_verifier(name: str, verifier: NamedVerifier) -> VerifierState:
    """Show behaviour and counts."""
    return VerifierState.of(name, verifier)


@router.put(
    "/sandbox/verify/{name}",
    access="public",
    operation_id="set_verifier",
    summary="Set a verification service's behaviour",
    refusals=(VerifierUnknown,),
)
async def set_verifier(name: str, body: BehaviourChange, verifier: NamedVerifier) -> VerifierState:
    """Set the behaviour for all requests from now on; counts start again."""
    verifier.set(body.behaviour())
    return VerifierState.of(name, verifier)
