"""The sandbox's operations: being asked for a verdict, and being told how to behave."""

import asyncio
from typing import Annotated

from fastapi import Depends, Request

from kit.web.routes import Router
from sandbox.refusals import VerifierFailed, VerifierUnknown
from sandbox.schemas import (
    BehaviourChange,
    VerificationRequest,
    VerificationVerdict,
    VerifierState,
)
from sandbox.verifiers import Mode, Verifier

router = Router(tags=["verification"])


def _verifier(name: str, request: Request) -> Verifier:
    found: Verifier | None = request.app.state.verifiers.get(name)
    if found is None:
        raise VerifierUnknown
    return found


Asked = Annotated[Verifier, Depends(_verifier)]


@router.post(
    "/sandbox/verify/{name}",
    access="public",
    operation_id="verify",
    summary="Ask for a verdict on a payment",
    refusals=(VerifierFailed, VerifierUnknown),
)
async def verify(name: str, body: VerificationRequest, verifier: Asked) -> VerificationVerdict:  # noqa: ARG001 - both are read and checked, and change nothing
    """Answer `ok` or `denied`, or fail with 503 as often as the service is set to."""
    said = verifier.ask()
    if verifier.behaviour.delay_ms:
        await asyncio.sleep(verifier.behaviour.delay_ms / 1000)
    if said is None:
        raise VerifierFailed
    if said is Mode.DENY:
        return VerificationVerdict(verdict="denied", reason="The sandbox was told to deny.")
    return VerificationVerdict(verdict="ok", reason=None)


@router.get(
    "/sandbox/verify/{name}",
    access="public",
    operation_id="get_verifier",
    summary="See how a verification service behaves",
    refusals=(VerifierUnknown,),
)
async def get_verifier(name: str, verifier: Asked) -> VerifierState:
    """Show behaviour and counts."""
    return VerifierState.of(name, verifier)


@router.put(
    "/sandbox/verify/{name}",
    access="public",
    operation_id="set_verifier",
    summary="Change how a verification service behaves",
    refusals=(VerifierUnknown,),
)
async def set_verifier(name: str, body: BehaviourChange, verifier: Asked) -> VerifierState:
    """Set the behaviour at once, for all that ask from now on; counts begin at zero."""
    verifier.set(body.behaviour())
    return VerifierState.of(name, verifier)
