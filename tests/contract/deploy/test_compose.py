"""docker-compose.yml against the Compose specification, the runner's table, and the settings."""

import json
import re
from importlib import import_module, resources
from ipaddress import IPv4Network
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
import yaml
from deploy.bootstrap import ROOT
from deploy.generate.edge import MAX_BODY_BYTES
from deploy.production import environment
from deploy.stack.infrastructure import ROLES_SCRIPT
from deploy.stack.postgres import SETTINGS
from deploy.stack.rabbitmq import SCHEDULERS
from deploy.stack.services import (
    SERVICES,
    STORAGE_BUCKET,
    STORAGE_KEY,
    STORAGE_REGION,
    StackAddresses,
    StackService,
    StorageAddress,
    addresses,
    database,
)
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for
from nanio.config import DEFAULT_REGION

from kit.production import secret_fault
from kit.settings import EnvironmentSettings, MigrationSettings, variable

# Innermost first: a default may hold another variable.
INTERPOLATION = re.compile(r"\$\{(?P<name>[A-Z0-9_]+):-(?P<default>[^${}]*)\}")
WITH_SCHEMA = [service for service in SERVICES if service.migration is not None]
SERVERS = {"postgres", "rabbitmq", "redis", "storage", "nginx"}
EDGE = {
    "EDGE_HTTP_PORT",
    "EDGE_HTTPS_PORT",
    "EDGE_CERTIFICATE",
    "EDGE_KEY",
    "EDGE_CONNECTIONS",
    "EDGE_BALANCERS",
}
PUBLISHED = {
    "gateway": ["127.0.0.1:8000:8000"],
    "rabbitmq": ["127.0.0.1:15672:15672"],
    "storage": ["127.0.0.1:9000:9000"],
    "nginx": ["80:80", "443:443"],
}
ONE_SHOT = {"roles", *(f"migrate-{service.name}" for service in WITH_SCHEMA)}

# Where the containers find each other; passwords are the development defaults.
COMPOSE = StackAddresses(
    listen="0.0.0.0",  # noqa: S104 (inside of a container's own network)
    ports={name: port for service in SERVICES for name, port in service.ports.items()},
    urls={service.name: f"http://{service.name}:{service.port}" for service in SERVICES},
    public_url="http://localhost:8000",
    database="postgres:5432/saldo",
    passwords={
        role: role for service in WITH_SCHEMA for role in (service.name, f"{service.name}_owner")
    },
    rabbitmq_url="amqp://saldo:saldo@rabbitmq:5672/",
    redis_url="redis://:saldo@redis:6379/0",
    storage=StorageAddress("http://storage:9000", "http://localhost:9000", "saldo"),
)


def schema(name: str) -> dict[str, Any]:
    text = resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / f"{name}.json"
    loaded: dict[str, Any] = json.loads(text.read_text())
    return loaded


def faults(document: Any, against: dict[str, Any]) -> list[str]:
    validator = validator_for(against, default=Draft202012Validator)(against)
    return [f"{list(fault.path)}: {fault.message}" for fault in validator.iter_errors(document)]


def interpolated(text: str, **chosen: str) -> dict[str, Any]:
    """The file as Compose reads it with these variables, each other one at its default."""
    found = INTERPOLATION.search(text)
    while found is not None:
        value = chosen.get(found["name"], found["default"])
        text = f"{text[: found.start()]}{value}{text[found.end() :]}"
        found = INTERPOLATION.search(text)
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def settings_of(service: StackService) -> type[EnvironmentSettings]:
    found: type[EnvironmentSettings] = import_module(f"{service.name}.settings").Settings
    return found


def variables(settings: type[EnvironmentSettings]) -> set[str]:
    return {variable(settings, name) for name in settings.model_fields}


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file as it is without any `.env`: every variable has its default."""
    return interpolated((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def containers(compose: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"]
    return found


def test_it_is_a_compose_file_by_the_specification(
    written: dict[str, Any], compose: dict[str, Any]
) -> None:
    assert faults(written, schema("compose-spec")) == []
    assert faults(compose, schema("compose-spec")) == []


def test_the_specification_would_find_a_mistake(written: dict[str, Any]) -> None:
    mistaken = {**written, "services": {"wallet": {"comand": ["python"]}}}
    assert faults(mistaken, schema("compose-spec")) != []


def test_the_workflow_is_one_by_its_schema() -> None:
    text = (ROOT / ".github/workflows/ci.yml").read_text()
    assert faults(yaml.safe_load(text), schema("github-workflows")) == []


def test_it_runs_what_the_runner_runs_and_nothing_else(containers: dict[str, Any]) -> None:
    services = {service.name for service in SERVICES}
    assert containers.keys() == SERVERS | services | ONE_SHOT


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_service_has_the_runners_command_and_addresses(
    containers: dict[str, Any], service: StackService
) -> None:
    container = containers[service.name]
    assert tuple(container["command"]) == service.command
    said = {name: value for name, value in container["environment"].items() if value is not None}
    assert said == addresses(service, COMPOSE)
    assert container["build"]["args"] == {"SERVICE": service.name}


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_container_is_told_its_own_settings_and_no_others(
    containers: dict[str, Any], service: StackService
) -> None:
    container = containers[service.name]
    assert "env_file" not in container
    assert container["environment"].keys() == variables(settings_of(service))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTH_PUBLIC_URL", "https://pay.saldo.test"),
        ("SANDBOX_PUBLIC_URL", "https://pay.saldo.test"),
        ("PAYMENTS_VERIFIER_ONE_URL", "https://one.saldo.test"),
        ("PAYMENTS_VERIFIER_TWO_URL", "https://two.saldo.test"),
        ("NOTIFICATIONS_SMTP_HOST", "mail.saldo.test"),
        ("NOTIFICATIONS_SMTP_PORT", "587"),
        ("FINANCE_S3_ENDPOINT", "https://s3.saldo.test"),
        ("FINANCE_S3_PUBLIC_URL", "https://files.saldo.test"),
        ("FINANCE_S3_BUCKET", "exports"),
        ("FINANCE_S3_REGION", "ru-central1"),
        ("FINANCE_S3_ACCESS_KEY", "ours"),
        ("FINANCE_S3_SECRET_KEY", "0123456789"),
    ],
)
def test_what_lies_outside_of_the_stack_can_be_changed(name: str, value: str) -> None:
    containers = interpolated((ROOT / "docker-compose.yml").read_text(), **{name: value})[
        "services"
    ]
    container = containers[name.partition("_")[0].lower()]
    assert container["environment"][name] == value


def test_published_ports_can_be_moved_and_links_go_with_them() -> None:
    chosen = {"PUBLISHED_PORT": "8080", "RABBITMQ_PAGES_PORT": "8081", "STORAGE_PORT": "8082"}
    containers = interpolated((ROOT / "docker-compose.yml").read_text(), **chosen)["services"]
    assert containers["gateway"]["ports"] == ["127.0.0.1:8080:8000"]
    assert containers["rabbitmq"]["ports"] == ["127.0.0.1:8081:15672"]
    assert containers["storage"]["ports"] == ["127.0.0.1:8082:9000"]
    assert containers["auth"]["environment"]["AUTH_PUBLIC_URL"] == "http://localhost:8080"
    assert containers["sandbox"]["environment"]["SANDBOX_PUBLIC_URL"] == "http://localhost:8080"


def test_each_image_is_built_once_and_looked_for_nowhere_else(containers: dict[str, Any]) -> None:
    built = {name: one["image"] for name, one in containers.items() if "build" in one}
    names = [*(service.name for service in SERVICES), "storage"]
    assert built == {name: f"saldo-{name}" for name in names}
    ours = [one for one in containers.values() if one["image"].startswith("saldo-")]
    assert {one["pull_policy"] for one in ours} == {"never"}


def test_the_storage_is_the_runners_with_its_bucket_and_credentials(
    containers: dict[str, Any],
) -> None:
    storage = containers["storage"]
    assert storage["build"]["target"] == "storage"
    known = {"NANIO_ACCESS_KEY": STORAGE_KEY, "NANIO_SECRET_KEY": COMPOSE.storage.secret}
    assert storage["environment"] == known
    stage = (ROOT / "deploy" / "Dockerfile").read_text().partition(" AS storage\n")[2]
    assert f"mkdir -p /data/{STORAGE_BUCKET} && exec nanio serve" in stage.partition("\nFROM ")[0]
    assert STORAGE_REGION == DEFAULT_REGION


def test_sandbox_and_storage_are_part_of_development_alone_and_nginx_is_asked_for(
    containers: dict[str, Any],
) -> None:
    profiles = {name: one["profiles"] for name, one in containers.items() if "profiles" in one}
    development = ["development"]
    assert profiles == {"sandbox": development, "storage": development, "nginx": ["edge"]}
    assert containers["gateway"]["depends_on"]["sandbox"]["required"] is False
    needing = [name for name, one in containers.items() if "sandbox" in one.get("depends_on", {})]
    assert needing == ["gateway"]


def test_production_is_given_every_secret_that_its_services_ask_for() -> None:
    made = dict(line.partition("=")[::2] for line in environment().splitlines() if "=" in line)
    asked = {secret for service in SERVICES for secret in service.secrets}
    passwords = {
        found["name"]
        for found in INTERPOLATION.finditer((ROOT / "docker-compose.yml").read_text())
        if found["name"].endswith("_PASSWORD")
    }
    assert asked | passwords <= made.keys()
    assert [name for name in asked if secret_fault(made[name], "")] == []
    assert {len(made[name]) for name in passwords} == {48}
    assert made["ENVIRONMENT"] == "production"


@pytest.mark.parametrize("service", WITH_SCHEMA, ids=lambda service: service.name)
def test_a_schema_is_migrated_once_before_its_service_starts(
    containers: dict[str, Any], service: StackService
) -> None:
    name = f"migrate-{service.name}"
    migration = containers[name]
    assert tuple(migration["command"]) == service.migration
    owner = f"{service.prefix}_MIGRATION_URL"
    said = {key: value for key, value in migration["environment"].items() if value is not None}
    assert said == {owner: database(service, COMPOSE)[owner]}
    assert migration["environment"].keys() == variables(MigrationSettings) - {"MIGRATION_URL"} | {
        owner
    }
    assert migration["image"] == containers[service.name]["image"]
    assert migration["restart"] == "no"
    assert migration["depends_on"]["roles"]["condition"] == "service_completed_successfully"
    needed = containers[service.name]["depends_on"][name]
    assert needed["condition"] == "service_completed_successfully"


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_the_table_tells_a_service_every_address_that_its_settings_ask_for(
    service: StackService,
) -> None:
    settings: type[EnvironmentSettings] = import_module(f"{service.name}.settings").Settings
    asked = {variable(settings, name) for name in settings.model_fields}
    places = ("_URL", "_HOST", "_PORT")
    where = {name for name in asked if name.endswith(places) or "_S3_" in name}
    where.discard("FINANCE_S3_TIMEOUT")  # the one that says nothing of where
    assert addresses(service, COMPOSE).keys() == where
    assert service.port == settings.model_fields["port"].default


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_the_table_names_every_secret_that_a_service_needs(service: StackService) -> None:
    settings: type[EnvironmentSettings] = import_module(f"{service.name}.settings").Settings
    guarded = {
        variable(settings, name)
        for name, field in settings.model_fields.items()
        if isinstance(field.json_schema_extra, dict)
        and field.json_schema_extra.get("guard") == "secret"
    }
    assert set(service.secrets) == guarded


@pytest.mark.parametrize("service", WITH_SCHEMA, ids=lambda service: service.name)
def test_the_default_passwords_are_those_that_production_refuses(service: StackService) -> None:
    settings: type[EnvironmentSettings] = import_module(f"{service.name}.settings").Settings
    for field in ("database_url", "migration_url"):
        default = settings.model_fields[field].default.format(service=service.name)
        ours = addresses(service, COMPOSE)[variable(settings, field)]
        assert urlsplit(ours).username == urlsplit(default).username
        assert urlsplit(ours).password == urlsplit(default).password


def test_what_nginx_is_told_is_what_its_start_asks_for(containers: dict[str, Any]) -> None:
    nginx = containers["nginx"]
    start = (ROOT / "deploy" / "nginx" / "start.sh").read_text()
    assert nginx["environment"].keys() <= set(re.findall(r"\$\{(EDGE_\w+)", start))
    gateway = next(service for service in SERVICES if service.name == "gateway")
    assert nginx["environment"]["EDGE_UPSTREAM"] == f"{gateway.name}:{gateway.port}"
    assert nginx["entrypoint"] == ["sh", "/etc/saldo/start.sh"]
    assert "./deploy/nginx:/etc/saldo:ro" in nginx["volumes"]


@pytest.mark.check(26, 53)
def test_in_production_the_gateway_believes_nginx_and_nginx_nobody() -> None:
    made = dict(line.partition("=")[::2] for line in environment().splitlines() if "=" in line)
    networks = [IPv4Network(one) for one in orjson.loads(made["GATEWAY_TRUSTED_PROXIES"])]
    bridges = ["172.17.0.0/16", "172.31.0.0/16", "192.168.0.0/20", "192.168.240.0/20"]  # Docker's
    for bridge in map(IPv4Network, bridges):
        assert any(bridge.subnet_of(network) for network in networks)
    told = (ROOT / "deploy" / "nginx" / "gateway.conf").read_text()
    # Addresses of bridges are trusted: nothing that a caller may have sent stands beside theirs.
    assert re.findall(r"proxy_set_header X-Forwarded-For (.+);", told) == ["$remote_addr"]
    assert re.findall(r"proxy_set_header Forwarded (.+);", told) == ['""']
    start = (ROOT / "deploy" / "nginx" / "start.sh").read_text()
    assert "${EDGE_BALANCERS:-}" in start


def test_nginx_lets_a_little_more_pass_than_the_gateway() -> None:
    text = (ROOT / "deploy" / "nginx" / "nginx.conf").read_text()
    [largest] = re.findall(r"client_max_body_size (\d+)m;", text)
    assert int(largest) * 1024 * 1024 == MAX_BODY_BYTES
    gateway = import_module("gateway.settings").Settings
    assert gateway.model_fields["max_import_bytes"].default < MAX_BODY_BYTES
    silence = re.findall(r"EDGE_SILENCE:-(\d+)s", (ROOT / "deploy/nginx/start.sh").read_text())
    assert int(silence[0]) > gateway.model_fields["upstream_timeout_seconds"].default


@pytest.mark.check(55)
def test_only_what_people_need_is_published(containers: dict[str, Any]) -> None:
    ports = {
        name: container["ports"] for name, container in containers.items() if "ports" in container
    }
    assert ports == PUBLISHED


@pytest.mark.check(68)
def test_nothing_of_ours_runs_as_root_or_may_become_it(containers: dict[str, Any]) -> None:
    names = [one.name for one in SERVICES] + [f"migrate-{one.name}" for one in WITH_SCHEMA]
    for name in names:
        container = containers[name]
        assert container.get("user", "") not in {"root", "0", "0:0"}
        assert container["cap_drop"] == ["ALL"]
        assert container["security_opt"] == ["no-new-privileges:true"]
        assert container["read_only"] is True
        assert not container.get("privileged")


def test_everything_lasting_is_checked_and_restarted(containers: dict[str, Any]) -> None:
    lasting = {name: one for name, one in containers.items() if name not in ONE_SHOT}
    assert [name for name, one in lasting.items() if "healthcheck" not in one] == []
    assert {one["restart"] for one in lasting.values()} == {"unless-stopped"}


def test_nothing_waits_for_a_mere_start(containers: dict[str, Any]) -> None:
    conditions = {
        needed["condition"]
        for container in containers.values()
        for needed in container.get("depends_on", {}).values()
    }
    assert conditions == {"service_healthy", "service_completed_successfully"}


def test_the_gateway_starts_last(containers: dict[str, Any]) -> None:
    others = {service.name for service in SERVICES} - {"gateway"}
    assert others <= containers["gateway"]["depends_on"].keys()


def test_foreign_images_are_pinned_to_a_minor_version(containers: dict[str, Any]) -> None:
    images = {name: containers[name]["image"] for name in SERVERS - {"storage"}}
    assert [image for image in images.values() if not re.search(r":\d+\.\d+", image)] == []
    assert re.fullmatch(r"rabbitmq:4\.\d+-management", images["rabbitmq"])


def test_postgresql_is_set_as_the_runner_sets_it(containers: dict[str, Any]) -> None:
    program, *options = containers["postgres"]["command"]
    assert program == "postgres"
    assert dict(option.removeprefix("-c").split("=") for option in options) == dict(SETTINGS)


def test_rabbitmq_has_as_many_schedulers_as_the_runners(containers: dict[str, Any]) -> None:
    given = containers["rabbitmq"]["environment"]["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"]
    assert given == SCHEDULERS


def test_postgresql_gets_the_same_roles_with_the_passwords_of_the_services(
    containers: dict[str, Any],
) -> None:
    roles = containers["roles"]
    assert f"./{ROLES_SCRIPT.relative_to(ROOT)}:/roles.sql:ro" in roles["volumes"]
    assert roles["entrypoint"][-2:] == ["-f", "/roles.sql"]
    assert roles["image"] == containers["postgres"]["image"]
    assert (roles["restart"], roles["network_mode"]) == ("no", "none")
    socket = "postgres-socket:/var/run/postgresql"
    assert socket in roles["volumes"]
    assert socket in containers["postgres"]["volumes"]
    assert roles["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    asked = re.findall(r"^\\getenv \w+ (\w+)$", ROLES_SCRIPT.read_text(), re.MULTILINE)
    assert set(asked) == roles["environment"].keys()
    for name in set(asked) - {"POSTGRES_PASSWORD"}:
        service, _, kind = name.lower().partition("_")
        role = f"{service}_owner" if kind.startswith("owner") else service
        assert roles["environment"][name] == COMPOSE.passwords[role]
    superuser = roles["environment"]["POSTGRES_PASSWORD"]
    assert superuser == containers["postgres"]["environment"]["POSTGRES_PASSWORD"]


def test_postgresql_itself_knows_no_password_of_a_service(containers: dict[str, Any]) -> None:
    known = containers["postgres"]["environment"].keys()
    assert known == {"POSTGRES_PASSWORD", "POSTGRES_INITDB_ARGS"}


def test_a_password_changed_in_one_place_changes_everywhere(written: dict[str, Any]) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    defaults: dict[str, set[str]] = {}
    for found in INTERPOLATION.finditer(text):
        defaults.setdefault(found["name"], set()).add(found["default"])
    assert {name: values for name, values in defaults.items() if len(values) > 1} == {}
    assert "POSTGRES_PASSWORD" in defaults
    elsewhere = {name for name in defaults if "_S3_" in name or name.endswith("_URL")}
    others = {name for name in defaults.keys() - elsewhere if not name.endswith("_PASSWORD")}
    mail_server = {"NOTIFICATIONS_SMTP_HOST", "NOTIFICATIONS_SMTP_PORT"}
    assert others == mail_server | EDGE | {"PUBLISHED_PORT", "RABBITMQ_PAGES_PORT", "STORAGE_PORT"}
    assert written["name"] == "saldo"
