"""A client of the REST interface over the memory store; ``x-actor`` says who asks."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import httpx
import pytest

_spec = importlib.util.spec_from_file_location("rest_shop", Path(__file__).parent / "shop.py")
shop = importlib.util.module_from_spec(_spec)
sys.modules["rest_shop"] = shop
_spec.loader.exec_module(shop)

from starmodel.adapters.rest import RestApp  # noqa: E402  (the module above must be known first)
from starmodel.app import Application  # noqa: E402
from starmodel.testing import PlainCodec  # noqa: E402


async def identify(scope):
    name = dict(scope["headers"]).get(b"x-actor", b"ada").decode()
    return shop.actor_of(name)


@pytest.fixture
async def application():
    entities = [shop.Maker, shop.Item, shop.Log, shop.Note]
    async with Application(entities, codec=PlainCodec(), policies=[shop.Owners()]) as application:
        yield application


@pytest.fixture
def api(application):
    return RestApp(application, identify=identify, title="Shop")


@pytest.fixture
async def client(api):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://shop") as client:
        yield client


@pytest.fixture
def make(client):
    """Make an item and return the answer."""

    async def make(title="Milk", actor="ada", **fields):
        answer = await client.post("/item", json={"title": title, **fields}, headers={"x-actor": actor})
        assert answer.status_code == 201, answer.text
        return answer

    return make
