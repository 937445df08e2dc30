"""What schemathesis is told of Saldo: who asks, about what, and what holds for every answer."""

import atexit
import json
import os
import re
import time
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import schemathesis
from schemathesis import CheckContext, HookContext, Response, SerializationContext
from schemathesis.auths import AuthContext
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.overrides import store_components
from schemathesis.specs.openapi import stateful
from tests.e2e.fuzz.known import Known, acceptable
from tests.e2e.fuzz.names import ADMIN, KNOWN, PAYEE, SPARED, URL, USER

from kit.ids import new_id
from testkit.people import PASSWORD

# Sooner than an access token ends.
_SECONDS: Final = 240
_PROBLEM: Final = ["application/problem+json"]
SEEDED: Final = ("alice", "bob", "merchant", "admin")
# What ends the life or the session of whoever asks is asked by somebody made for it.
ENDING: Final = frozenset({"delete_me", "delete_session", "logout", "set_confirmation_limits"})
# What schemathesis can't follow by the name of the schema: the name that the ids have elsewhere.
_NAMES: Final = {
    "AnyPayment": "Payment",
    "RecurrenceAnswer": "Recurring",
    "EndpointAnswer": "WebhookEndpoint",
}
_SCHEMA: Final = "#/components/schemas/"
# A verification service that misbehaves breaks its own document: that is what it is for.
MISBEHAVING: Final = frozenset({"time_out", "nonsense", "down", "slow"})
# What JSON Schema can say, by the codes of refusals and their `errors`: whoever keeps to the
# document never meets it. It can't tell 8.0 from 8, which is why a wrong type is not among them,
# and for the pattern of If-Match schemathesis sends 0.
SAYABLE: Final = frozenset(
    {
        *("unknown_field", "too_short", "too_long", "too_small", "too_large", "not_allowed"),
        *("malformed", "amount_invalid", "return_url_invalid", "username_needed", "name_invalid"),
        "idempotency_key_malformed",
    }
)
# The same codes where a pattern can't say it: calendars, which characters Unicode has, how many
# decimals a currency has, and whether a decimal string is zero or too large. That no text holds
# U+0000 is one rule for all of them; tests/security shows it. Rows of CSV have no schema, and which
# edges, orders and secrets fit depends on what else was asked. Which signs are letters of a word
# Unicode says, and which fields a kind has what kind it is.
UNSAYABLE: Final = re.compile(
    "There is no such (day|time) in the calendar|A leap second comes|Must be one line of visible"
    "|Must not hold control characters|Must be a name of visible|Must be a text of up to"
    "|has [0-9]+ decimals at most|The amount (must be more than zero|may be)"
    "|Not valid Unicode|the character U\\+0000|^Line [0-9]+|Only a search has"
    "|Must be a day such as 2026-01-31[.]$|Write the secret as|^Must hold 1 to 12 words"
    "|^Only products have it"
)
known: Final = Known(Path(os.environ[KNOWN]))
atexit.register(known.save)


def _operation(case: schemathesis.Case) -> str:
    return str(case.operation.definition.raw["operationId"])


def _level(case: schemathesis.Case) -> str:
    return str(case.operation.definition.raw["x-access"])


def _who(case: schemathesis.Case, _: AuthContext) -> str:
    if _operation(case) in ENDING:
        return str(case.id)
    # Who keeps the shop sees, too, what is not shown any more.
    is_keepers = _level(case) == "public" and case.operation.path.startswith("/v1/shop")
    return ADMIN if is_keepers or _level(case) == "admin" else USER


def _ask(path: str, **body: str) -> dict[str, Any]:
    """Ask auth; who has to wait, as passwords are made up beside, waits once."""
    ask = partial(httpx.post, f"{os.environ[URL]}/v1/auth/{path}", json=body, timeout=60)
    answer = ask()
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        time.sleep(float(answer.headers["Retry-After"]))
        answer = ask()
    told: dict[str, Any] = answer.raise_for_status().json()
    return told


def _arrive() -> str:
    """Register somebody, activate them and return their name."""
    name = f"guest-{new_id().hex[-12:]}"
    made = _ask("register", username=name, password=PASSWORD)
    _ask("activate", token=made["activation"]["token"])
    return name


@schemathesis.auth(refresh_interval=_SECONDS, cache_by_key=_who, retry_on=[])
class Session:
    """Administrators' operations are asked by an administrator, all others by a user."""

    def get(self, case: schemathesis.Case, context: AuthContext) -> str:
        who = _who(case, context)
        if who == USER:
            file = Path(os.environ[USER])
            tokens = _ask("refresh", refresh_token=file.read_text())
            file.write_text(tokens["refresh_token"])
        else:
            name = os.environ[ADMIN] if who == ADMIN else _arrive()
            tokens = _ask("login", username=name, password=PASSWORD)
        return str(tokens["access_token"])

    def set(self, case: schemathesis.Case, data: str, _: AuthContext) -> None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@schemathesis.hook
def before_load_schema(_: HookContext, raw_schema: dict[str, Any]) -> None:
    """Name answers as ids name them, by which schemathesis sees which id leads where."""
    schemas = raw_schema["components"]["schemas"]
    names = {name: name.removesuffix("Answer") for name in schemas if name.endswith("Answer")}
    names |= _NAMES
    names = {old: new for old, new in names.items() if new not in schemas}
    text = re.sub(
        f'"{_SCHEMA}([A-Za-z]+)"',
        lambda found: f'"{_SCHEMA}{names.get(found[1], found[1])}"',
        json.dumps(raw_schema),
    )
    raw_schema.update(json.loads(text))
    raw_schema["components"]["schemas"] = {
        names.get(name, name): one for name, one in raw_schema["components"]["schemas"].items()
    }


def _begins(operation: Any, *_: object) -> bool:
    """Return whether an operation needs nothing from an earlier one: no id in its path."""
    return operation.method in {"get", "post"} and not operation.path_parameters


# Otherwise whatever takes an id that no answer has by that name (`from_wallet_id`) is never asked,
# and `POST /v1/payments/{payment_id}/pay` begins, with an id made up.
stateful.is_likely_root_transition = _begins


def _is_positive(case: schemathesis.Case, where: ParameterLocation) -> bool:
    return bool(
        case.meta and where in case.meta.components and case.meta.components[where].mode.is_positive
    )


def _others(case: schemathesis.Case) -> dict[str, Any]:
    """Return fields that must have certain values for anything to happen."""
    path = case.operation.path
    if _operation(case) == "delete_me":
        return {"password": PASSWORD}
    if path.startswith("/v1/webhook-endpoints"):
        return {"url": f"{os.environ[URL]}/sandbox/inbox/mine"}
    if path.startswith("/v1/payments"):
        return {"payee": {"username": os.environ[PAYEE]}, "currency": "RUB", "amount": "1.50"}
    return {}


def _filled(case: schemathesis.Case, context: str) -> Any:
    return known.fill(context, case.body, _others(case))


def _ask_about_what_is_there(case: schemathesis.Case) -> None:
    context = Known.context(case.operation.path)
    if _is_positive(case, ParameterLocation.PATH) and not known.is_left_alone():
        for name, value in case.path_parameters.items():
            if not known.has(value):
                case.path_parameters[name] = known.one(context, name) or value
        # Otherwise schemathesis takes what was put in for what came by a link.
        case._components = store_components(case)
    is_varied = case.meta is not None and case.meta.phase.name.value == "coverage"
    if _is_positive(case, ParameterLocation.BODY) and not is_varied:
        is_left_alone = known.is_left_alone()
        body = acceptable(case.body) if is_left_alone else _filled(case, context)
        # schemathesis checks again what is changed; 8 is no change of 8.0 by Python's comparison
        if repr(body) != repr(case.body):
            case.body = body


def _spare(case: schemathesis.Case) -> None:
    """Leave alone what other tests and this one live on."""
    if case.path_parameters.get("user_id") in os.environ[SPARED].split(","):
        case.path_parameters["user_id"] = str(new_id())
    if not isinstance(case.body, dict):
        return
    # The people of `make seed`: a later test has it make them.
    if case.body.get("username") in SEEDED:
        case.body = {**case.body, "username": "somebody"}
    if _operation(case) == "set_inbox" and "answer_with" in case.body:
        # Of the statuses that an inbox can be told to answer with, its document has one.
        case.body = {**case.body, "answer_with": 200}
    if _operation(case) == "set_verifier" and str(case.body.get("mode")) in MISBEHAVING:
        case.body = {**case.body, "mode": "deny"}
    if _operation(case) == "set_verifier" and _is_positive(case, ParameterLocation.BODY):
        case.body = {**case.body, "delay_ms": 0}


@schemathesis.hook
def before_call(_: HookContext, case: schemathesis.Case, **__: Any) -> None:
    _ask_about_what_is_there(case)
    _spare(case)


@schemathesis.hook
def after_call(_: HookContext, case: schemathesis.Case, response: Response) -> None:
    """Keep what the answer tells of."""
    if not 200 <= response.status_code < 300:
        return
    if case.method == "DELETE":
        for value in case.path_parameters.values():
            known.forget(value)
    elif response.headers.get("content-type", [""])[0].startswith("application/json"):
        known.learn(case.operation.path, response.json())


def _is_problem(response: Response) -> bool:
    return response.headers.get("content-type") == _PROBLEM


@schemathesis.serializer("application/qif", "application/x-ofx")
def as_it_is(_: SerializationContext, value: Any) -> bytes:
    """Return a bank's file, of which the document says no more than that it is one."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@schemathesis.check
def what_a_schema_can_say_is_said(
    _: CheckContext, response: Response, case: schemathesis.Case
) -> None:
    # What rare texts show is looked for by `make fuzz`: CI's answer must not hang on luck.
    is_judged = "FUZZ_SECONDS" in os.environ
    if is_judged and case.meta and case.meta.generation.mode.is_positive and _is_problem(response):
        problem = response.json()
        found = [
            one
            for one in problem.get("errors") or [problem]
            if one["code"] in SAYABLE and not UNSAYABLE.search(one["detail"])
        ]
        assert not found, f"the document allows it: {found}"


@schemathesis.check
def a_refusal_is_a_problem_with_a_code(
    _: CheckContext, response: Response, case: schemathesis.Case
) -> None:
    if _is_problem(response):
        problem = response.json()
        assert (problem["status"], bool(problem["code"])) == (response.status_code, True)
        assert [problem["request_id"]] == response.headers["x-request-id"]


@schemathesis.check
def an_answer_is_not_guessed_at_and_not_kept(
    _: CheckContext, response: Response, case: schemathesis.Case
) -> None:
    headers: dict[str, Any] = response.headers
    assert headers["x-content-type-options"] == ["nosniff"]
    assert "server" not in headers
    assert "set-cookie" not in headers
    if _level(case) != "public":  # reports are kept by their owner's browser, which asks each time
        assert headers["cache-control"] in (["no-store"], ["private, no-cache"])
