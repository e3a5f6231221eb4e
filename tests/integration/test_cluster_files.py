"""What describes three nodes, in examples/cluster, fits together and fits the code: Docker is not asked."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from starmodel.adapters.fasthtml.health import HEALTH_PATH
from starmodel.adapters.persistence.redis import RedisUrl
from starmodel.adapters.persistence.sqlmodel import DatabaseUrl
from starmodel.bootstrap import Settings
from starmodel.cli.checks.settings import KNOWN

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "cluster"
PROXY = (FOLDER / "Caddyfile").read_text(encoding="utf-8")
IMAGE = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
NODES = ("node1", "node2", "node3")
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?::\?[^}]*)?\}")


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((FOLDER / "docker-compose.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def environment(compose):
    """What a node finds, with letters for what .env would say."""
    given = compose["services"]["node1"]["environment"]
    return {
        name: VARIABLE.sub("letters", value) + "x" * 32 * (name == "STARMODEL_SECRET") for name, value in given.items()
    }


def test_every_node_is_the_same(compose):
    nodes = [compose["services"][name] for name in NODES]
    assert nodes[0]["build"] == "."
    assert nodes == [nodes[0]] * 3


def test_every_setting_is_one_that_is_read(environment):
    assert environment.keys() <= set(KNOWN)
    assert Settings.from_environment(environment).hosts == ("letters",)


def test_the_addresses_are_ones_that_the_stores_take_and_lead_to_services(compose, environment):
    database, redis = DatabaseUrl(environment["DATABASE_URL"]).url, RedisUrl(environment["REDIS_URL"])
    assert {database.host, redis.settings["host"]} <= compose["services"].keys()
    assert (database.port, redis.settings["port"]) == (5432, 6379)  # what those images listen on
    made = compose["services"]["postgres"]["environment"]
    assert (made["POSTGRES_USER"], made["POSTGRES_DB"]) == (database.username, database.database)
    assert redis.asked.value == "process"
    assert "--appendonly yes" in compose["services"]["redis"]["command"][-1]


def test_nothing_secret_is_written_in(compose):
    example = dict(re.findall(r"^(\w+)=(.*)$", (FOLDER / "example.env").read_text(encoding="utf-8"), re.MULTILINE))
    wanted = set(VARIABLE.findall((FOLDER / "docker-compose.yml").read_text(encoding="utf-8")))
    assert example == {name: "localhost" if name == "SITE" else "" for name in wanted}
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            assert VARIABLE.search(value) or not re.search("PASSWORD|SECRET|AUTH|URL", name)


def test_the_ports_agree():
    [port] = re.findall(r"^EXPOSE (\d+)$", IMAGE, re.MULTILINE)
    assert f'"--port", "{port}"' in IMAGE
    [led_to] = re.findall(r"reverse_proxy (.*) \{", PROXY)
    assert led_to.split() == [f"{name}:{port}" for name in NODES]


def test_health_is_asked_where_it_is_told(compose):
    assert f"health_uri {HEALTH_PATH}\n" in PROXY
    [*_, program] = compose["services"]["node1"]["healthcheck"]["test"]
    assert f'"http://127.0.0.1:8000{HEALTH_PATH}"' in program
    compile(program, "healthcheck", "exec")


def test_only_the_proxy_in_front_is_believed(compose, environment):
    proxy, inside = compose["services"]["caddy"], compose["networks"]["inside"]
    address = proxy["networks"]["inside"]["ipv4_address"]
    assert environment["FORWARDED_ALLOW_IPS"] == address
    assert ipaddress.ip_address(address) in ipaddress.ip_network(inside["ipam"]["config"][0]["subnet"])
    assert [name for name, service in compose["services"].items() if "ports" in service] == ["caddy"]


def test_every_name_is_declared(compose):
    for service in compose["services"].values():
        assert set(service.get("depends_on", ())) <= compose["services"].keys()
        assert set(service["networks"]) <= compose["networks"].keys()
        named = [volume.partition(":")[0] for volume in service.get("volumes", ())]
        assert {name for name in named if not name.startswith(".")} <= compose["volumes"].keys()


def test_the_image_asks_for_extras_that_there_are():
    project = tomllib.loads((ROOT / "packages" / "starmodel" / "pyproject.toml").read_text(encoding="utf-8"))
    [wanted] = re.findall(r'"starmodel\[([\w,]+)\]"', IMAGE)
    assert set(wanted.split(",")) <= project["project"]["optional-dependencies"].keys()
