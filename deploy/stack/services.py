"""Lists what runs: each service's command, port, needs, addresses and secrets.

The runner starts what stands here; tests/contract/deploy holds docker-compose.yml against it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from deploy.stack.errors import StackError

Need = Literal["postgres", "rabbitmq", "redis", "storage"]
DATABASE = "saldo"
_COUNTS = tuple(str(count) for count in range(1, 10))
STORAGE_BUCKET = "saldo"
STORAGE_REGION = "us-east-1"
STORAGE_KEY = "saldo"  # its secret is made up for each stack
# For stacks of one machine's own, whose callers all come from one address, and for tests.
ROOMY_LIMITS = {"GATEWAY_RATE_LIMIT_FACTOR": "1000"}
# Of glibc: one heap for all threads, which gives back what a thread has done with. With a heap for
# each thread, auth kept 19 MiB for every core since the first passwords were hashed.
MEMORY = {"MALLOC_ARENA_MAX": "1"}


@dataclass(frozen=True, slots=True)
class StackService:
    """Describes one service.

    Attributes:
        name: Also its import package, schema, database role and (upper case) variable prefix.
        port: Where it listens unless told otherwise.
        needs: The servers that it talks to.
        calls: The services whose APIs it calls; it is told each address as `<NAME>_URL`.
        secrets: The variables of the secrets that it needs; made up once for a stack.
        further_ports: What else it listens on, by name.
    """

    name: str
    port: int
    needs: frozenset[Need]
    calls: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    further_ports: Mapping[str, int] = field(default_factory=dict)

    @property
    def command(self) -> tuple[str, ...]:
        """What runs it: API and worker in one process."""
        return ("python", "-m", self.name, "all")

    @property
    def migration(self) -> tuple[str, ...] | None:
        """What migrates its schema; None where it has none."""
        return ("python", "-m", self.name, "migrate") if "postgres" in self.needs else None

    @property
    def ports(self) -> dict[str, int]:
        """All that it listens on unless told otherwise, as `sandbox`, `sandbox_smtp`, …."""
        further = {f"{self.name}_{name}": port for name, port in self.further_ports.items()}
        return {self.name: self.port, **further}

    @property
    def roles(self) -> tuple[str, ...]:
        """Its roles in the database: the one that works with rows, and its schema's owner."""
        return (self.name, f"{self.name}_owner") if "postgres" in self.needs else ()

    @property
    def prefix(self) -> str:
        """What its own variables begin with."""
        return self.name.upper()


_ALL: frozenset[Need] = frozenset({"postgres", "rabbitmq", "redis"})

AUTH = StackService(
    "auth",
    8101,
    _ALL,
    calls=("wallet", "payments"),
    secrets=(
        "CURSOR_SECRET",
        "AUTH_KEY_SECRET",
        "PAYMENTS_CLIENT_SECRET",
        "NOTIFICATIONS_CLIENT_SECRET",
        "WALLET_CLIENT_SECRET",
        "FINANCE_CLIENT_SECRET",
        "GATEWAY_CLIENT_SECRET",
    ),
)
WALLET = StackService(
    "wallet",
    8102,
    _ALL,
    calls=("auth", "payments"),
    secrets=("CURSOR_SECRET", "WALLET_CLIENT_SECRET", "WALLET_BANK_SECRET"),
)
PAYMENTS = StackService(
    "payments",
    8103,
    _ALL,
    calls=("auth", "wallet", "notifications", "sandbox"),
    secrets=("CURSOR_SECRET", "PAYMENTS_CLIENT_SECRET"),
)
SHOP = StackService("shop", 8104, _ALL, secrets=("CURSOR_SECRET",))
FINANCE = StackService(
    "finance",
    8105,
    _ALL | {"storage"},
    calls=("auth", "wallet"),
    secrets=("CURSOR_SECRET", "FINANCE_CLIENT_SECRET"),
)
NOTIFICATIONS = StackService(
    "notifications",
    8106,
    _ALL,
    calls=("auth", "payments"),
    secrets=("CURSOR_SECRET", "NOTIFICATIONS_CLIENT_SECRET", "NOTIFICATIONS_WEBHOOK_KEY"),
)
SANDBOX = StackService(
    "sandbox",
    8109,
    frozenset(),
    secrets=("CURSOR_SECRET", "WALLET_BANK_SECRET"),
    further_ports={"smtp": 8110},
)
GATEWAY = StackService(
    "gateway",
    8000,
    frozenset({"redis"}),
    calls=("auth", "wallet", "payments", "shop", "finance", "notifications", "sandbox"),
    secrets=("GATEWAY_CLIENT_SECRET",),
)

SERVICES: tuple[StackService, ...] = (
    AUTH,
    WALLET,
    PAYMENTS,
    SHOP,
    FINANCE,
    NOTIFICATIONS,
    SANDBOX,
    GATEWAY,
)
BY_NAME: Mapping[str, StackService] = {service.name: service for service in SERVICES}


def replicas_in(text: str) -> dict[str, int]:
    """Return how many replicas of which services are wanted, of `wallet=4 payments=2`.

    Raises:
        StackError: it says something else.
    """
    wanted = {}
    for word in text.split():
        name, _, count = word.partition("=")
        service = BY_NAME.get(name)
        is_single = service is None or service is GATEWAY or service.further_ports
        if is_single or count not in _COUNTS:
            raise StackError(
                f"REPLICAS={text} is not understood: write services and how many of each there"
                f" are to be, 1 to {len(_COUNTS)}, such as wallet=4 payments=2."
            )
        wanted[name] = int(count)
    return wanted


def replica(name: str, number: int) -> str:
    """Return the name of a replica, 1 and up; the first has the service's own."""
    return name if number == 1 else f"{name}-{number}"


def of_replicas(
    service: StackService, number: int, replicas: Mapping[str, int], urls: Mapping[str, str]
) -> dict[str, str]:
    """Return what a replica of `service` is told of other replicas.

    Commands to a service wait in a queue for each of its replicas.
    """
    several = {name: count for name, count in replicas.items() if count > 1}
    told = {}
    if several and "rabbitmq" in service.needs:
        told["COMMAND_PARTITIONS"] = json.dumps(several)
        told[f"{service.prefix}_WORKER"] = f"{number}/{replicas.get(service.name, 1)}"
    if service is GATEWAY:
        for name, count in several.items():
            addresses = (urls[replica(name, one)] for one in range(1, count + 1))
            told[f"{name.upper()}_URLS"] = ",".join(addresses)
    return told


@dataclass(frozen=True, slots=True)
class StorageAddress:
    """Says where a stack's S3 server is, and the secret of its key."""

    endpoint: str
    public_url: str
    secret: str


@dataclass(frozen=True, slots=True)
class StackAddresses:
    """Says where the parts of one stack are, as seen from a service.

    Attributes:
        listen: The address that services bind to.
        ports: Service, or what `StackService.ports` calls a further port of it → the port.
        urls: Service → where others reach it.
        public_url: Where people reach the gateway.
        database: The services' database: what follows the password in its address.
        passwords: Database role → password.
        rabbitmq_url: The broker, with credentials.
        redis_url: Redis, with its password where it has one.
        storage: The S3 server, as services reach it and as people do, and the key's secret.
    """

    listen: str
    ports: Mapping[str, int]
    urls: Mapping[str, str]
    public_url: str
    database: str
    passwords: Mapping[str, str]
    rabbitmq_url: str
    redis_url: str
    storage: StorageAddress


def addresses(service: StackService, place: StackAddresses) -> dict[str, str]:
    """Return every variable of `service` whose value depends on where the stack runs."""
    told = {
        f"{service.prefix}_HOST": place.listen,
        **{f"{name.upper()}_PORT": str(place.ports[name]) for name in service.ports},
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
    if service is NOTIFICATIONS:  # mails end in the sandbox's sink
        told["NOTIFICATIONS_SMTP_HOST"] = urlsplit(place.urls["sandbox"]).hostname or ""
        told["NOTIFICATIONS_SMTP_PORT"] = str(place.ports["sandbox_smtp"])
        sandbox = urlsplit(place.urls["sandbox"]).hostname or ""  # has the webhook inbox
        told["NOTIFICATIONS_WEBHOOK_DEVELOPMENT_HOST"] = sandbox
    if service is SANDBOX:  # where its webhooks go
        told["SANDBOX_PUBLIC_URL"] = place.public_url
        told["SANDBOX_INBOX_URL"] = place.urls["sandbox"]
        told["SANDBOX_WEBHOOK_URL"] = f"{place.urls['payments']}/v1/payments/webhooks/sandbox"
        told["SANDBOX_BANK_URL"] = f"{place.urls['wallet']}/v1/wallets/webhooks/bank"
    called = {f"{name.upper()}_URL": place.urls[name] for name in service.calls}
    return told | database(service, place) | storage(service, place) | called


def database(service: StackService, place: StackAddresses) -> dict[str, str]:
    """Return the two database addresses of `service`: its own role's and its owner's."""
    if "postgres" not in service.needs:
        return {}
    return {
        f"{service.prefix}_DATABASE_URL": _url(service.name, place),
        f"{service.prefix}_MIGRATION_URL": _url(f"{service.name}_owner", place),
    }


def storage(service: StackService, place: StackAddresses) -> dict[str, str]:
    """Return all that `service` is told of the S3 server."""
    if "storage" not in service.needs:
        return {}
    told = {
        "ENDPOINT": place.storage.endpoint,
        "PUBLIC_URL": place.storage.public_url,
        "BUCKET": STORAGE_BUCKET,
        "REGION": STORAGE_REGION,
        "ACCESS_KEY": STORAGE_KEY,
        "SECRET_KEY": place.storage.secret,
    }
    return {f"{service.prefix}_S3_{name}": value for name, value in told.items()}


def _url(role: str, place: StackAddresses) -> str:
    return f"postgresql://{role}:{place.passwords[role]}@{place.database}"
