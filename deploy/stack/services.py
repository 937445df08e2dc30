"""Owns the table of what runs: each service's command, port, and the addresses that it is told.

The runner starts what stands here; tests/contract/deploy holds docker-compose.yml against it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Need = Literal["postgres", "rabbitmq", "redis"]
DATABASE = "saldo"


@dataclass(frozen=True, slots=True)
class Service:
    """One service.

    Attributes:
        name: Also its import package, schema, database role and (upper case) variable prefix.
        port: Where it listens unless told otherwise.
        needs: The servers that it talks to.
        calls: The services whose APIs it calls; it is told each address as `<NAME>_URL`.
        secrets: The variables of the secrets that it needs; made up once for a stack.
    """

    name: str
    port: int
    needs: frozenset[Need]
    calls: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()

    @property
    def command(self) -> tuple[str, ...]:
        """What runs it: API and worker in one process."""
        return ("python", "-m", self.name, "all")

    @property
    def migration(self) -> tuple[str, ...] | None:
        """What migrates its schema; None where it has none."""
        return ("python", "-m", self.name, "migrate") if "postgres" in self.needs else None

    @property
    def prefix(self) -> str:
        """What its own variables begin with."""
        return self.name.upper()


_ALL: frozenset[Need] = frozenset({"postgres", "rabbitmq", "redis"})

AUTH = Service(
    "auth",
    8101,
    _ALL,
    secrets=(
        "CURSOR_SECRET",
        "AUTH_KEY_SECRET",
        "PAYMENTS_CLIENT_SECRET",
        "WALLET_CLIENT_SECRET",
    ),
)
WALLET = Service(
    "wallet",
    8102,
    _ALL,
    calls=("auth", "payments"),
    secrets=("CURSOR_SECRET", "WALLET_CLIENT_SECRET", "WALLET_BANK_SECRET"),
)
PAYMENTS = Service(
    "payments",
    8103,
    _ALL,
    calls=("auth", "wallet", "sandbox"),
    secrets=("CURSOR_SECRET", "PAYMENTS_CLIENT_SECRET"),
)
SANDBOX = Service(
    "sandbox",
    8109,
    frozenset(),
    secrets=("CURSOR_SECRET", "WALLET_BANK_SECRET"),
)
GATEWAY = Service(
    "gateway", 8000, frozenset({"redis"}), calls=("auth", "wallet", "payments", "sandbox")
)

SERVICES: tuple[Service, ...] = (AUTH, WALLET, PAYMENTS, SANDBOX, GATEWAY)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the parts of one stack are, as seen from a service.

    Attributes:
        listen: The address that services bind to.
        ports: Service → the port that it listens on.
        urls: Service → where others reach it.
        public_url: Where people reach the gateway.
        postgres: PostgreSQL as `host:port`.
        passwords: Database role → password.
        rabbitmq_url: The broker, with credentials.
        redis_url: Redis, with its password where it has one.
    """

    listen: str
    ports: Mapping[str, int]
    urls: Mapping[str, str]
    public_url: str
    postgres: str
    passwords: Mapping[str, str]
    rabbitmq_url: str
    redis_url: str


def addresses(service: Service, place: Place) -> dict[str, str]:
    """Return every variable of `service` whose value depends on where the stack runs."""
    told = {
        f"{service.prefix}_HOST": place.listen,
        f"{service.prefix}_PORT": str(place.ports[service.name]),
    }
    if "rabbitmq" in service.needs:
        told["RABBITMQ_URL"] = place.rabbitmq_url
    if "redis" in service.needs:  # where revocations are heard of, by all who check tokens
        told["REDIS_URL"] = place.redis_url
        told["JWKS_URL"] = f"{place.urls['auth']}/.well-known/jwks.json"
    if service is AUTH:
        told["AUTH_PUBLIC_URL"] = place.public_url
    if service is PAYMENTS:  # the two verification services are the sandbox's
        told["PAYMENTS_VERIFIER_ONE_URL"] = f"{place.urls['sandbox']}/sandbox/verify/one"
        told["PAYMENTS_VERIFIER_TWO_URL"] = f"{place.urls['sandbox']}/sandbox/verify/two"
    if service is SANDBOX:  # where its webhooks go
        told["SANDBOX_PUBLIC_URL"] = place.public_url
        told["SANDBOX_WEBHOOK_URL"] = f"{place.urls['payments']}/v1/payments/webhooks/sandbox"
        told["SANDBOX_BANK_URL"] = f"{place.urls['wallet']}/v1/wallets/webhooks/bank"
    called = {f"{name.upper()}_URL": place.urls[name] for name in service.calls}
    return told | database(service, place) | called


def database(service: Service, place: Place) -> dict[str, str]:
    """Return the two database addresses of `service`: its own role's and its owner's."""
    if "postgres" not in service.needs:
        return {}
    return {
        f"{service.prefix}_DATABASE_URL": _url(service.name, place),
        f"{service.prefix}_MIGRATION_URL": _url(f"{service.name}_owner", place),
    }


def _url(role: str, place: Place) -> str:
    return f"postgresql://{role}:{place.passwords[role]}@{place.postgres}/{DATABASE}"
