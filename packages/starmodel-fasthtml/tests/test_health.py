"""What the application says about its own health."""

from __future__ import annotations

import asyncio

from starlette.testclient import TestClient

from starmodel.adapters.fasthtml import StarModelApp
from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.app import Application, InProcessTasks
from starmodel.app.parking import LocalParking, Waiting
from starmodel.core import Entity, Unit, event
from starmodel.core.errors import StoreError
from starmodel.core.hooks import hookimpl
from starmodel.plugins import PluginHost
from starmodel.testing import FaultyStore, PlainCodec


class Thing(Entity):
    name: str = ""


class Checks:
    """A plugin with the checks it was made with."""

    def __init__(self, **checks):
        self.checks = checks

    @hookimpl
    def starmodel_health_checks(self):
        return self.checks


def asked(**checks):
    host = PluginHost()
    host.add(Checks(**checks), name="checks")
    with TestClient(StarModelApp(Application([Thing], codec=PlainCodec()), plugins=host)) as client:
        reply = client.get("/_starmodel/health")
        return reply.status_code, reply.json()


def test_an_application_without_checks_is_well_and_names_its_stores():
    status, data = asked()
    del data["caches"]
    assert status == 200
    kept = {"stores": {"memory": "ephemeral"}, "outbox": [], "parked": {"memory": 0}}
    tasks = {"durability": "ephemeral", "waiting": 0, "parked": 0}
    assert data == {"status": "ok", "checks": {}, "tasks": tasks, **kept}


class Order(Entity):
    model_config = {"store": "other"}


class Cart(Entity):
    @event
    @classmethod
    def fill(cls) -> None:
        Unit.current().add(cls())
        Unit.current().add(Order())


def test_it_says_which_store_is_behind_and_how_far():
    other = FaultyStore(MemoryRepo())
    app = StarModelApp(Application([Cart, Order], codec=PlainCodec(), stores={"other": other}))
    with TestClient(app, headers={"sec-fetch-site": "same-origin"}) as client:
        other.fail("commit", times=100)
        assert client.post("/cart/fill", headers={"accept": "application/json"}).status_code == 200
        data = client.get("/_starmodel/health").json()
        other._faults.clear()
    (lag,) = data["outbox"]
    assert lag.pop("seconds") >= 0
    assert (data["status"], lag) == ("ok", {"primary": "memory", "follower": "other", "waiting": 1, "parked": 0})


def test_it_says_how_full_the_caches_are():
    with TestClient(StarModelApp(Application([Thing], codec=PlainCodec()))) as client:
        before = client.get("/_starmodel/health").json()["caches"]
        client.get("/thing")
        after = client.get("/_starmodel/health").json()["caches"]
    assert set(after) == {"fragments", "pages", "counts"}
    assert before["pages"]["bytes"] == 0 < after["pages"]["bytes"] < after["pages"]["max_bytes"] == 16 * 1024**2


def test_it_says_how_many_events_are_parked_that_a_handler_could_not_be_told():
    app = Application([Thing], codec=PlainCodec())
    with TestClient(StarModelApp(app)) as client:
        app.parking.use({"sql": Waiting(Unreachable(), "handlers", app.leave)})
        assert client.get("/_starmodel/health").json()["parked"] is None
        app.parking.use({"sql": Waiting(LocalParking(), "handlers", app.leave)})
        assert client.get("/_starmodel/health").json()["parked"] == {"memory": 0, "sql": 0}


def test_it_says_that_nobody_knows_how_many_tasks_there_are():
    class Away(InProcessTasks):
        async def count(self):
            raise StoreError("it is not there")

    with TestClient(StarModelApp(Application([Thing], codec=PlainCodec(), tasks=Away()))) as client:
        assert client.get("/_starmodel/health").json()["tasks"] is None


class Unreachable(LocalParking):
    async def count_parked(self, _task):
        raise StoreError("it is not there")


def test_one_check_that_does_not_pass_is_enough():
    async def passes():
        return True

    status, data = asked(database=passes, queue=lambda: False)
    assert (status, data["status"], data["checks"]) == (503, "failing", {"database": True, "queue": False})


def test_a_check_that_raises_or_hangs_does_not_pass():
    def broken():
        raise OSError("a secret address")

    status, data = asked(broken=broken, hanging=lambda: asyncio.sleep(30))
    assert (status, data["checks"]) == (503, {"broken": False, "hanging": False})
    assert "secret" not in str(data)
