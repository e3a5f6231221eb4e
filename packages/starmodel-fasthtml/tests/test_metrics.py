"""Numbers to watch: there only for whoever has the token, and as Prometheus reads them."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from starmodel.adapters.fasthtml import MetricsSettings, StarModelApp
from starmodel.app import Application
from starmodel.core import Entity, event
from starmodel.core.contributions import Metric, Sample
from starmodel.core.errors import ConfigurationError
from starmodel.core.hooks import hookimpl
from starmodel.plugins import PluginHost
from starmodel.testing import PlainCodec

TOKEN = "a-token-of-some-length"
PATH = "/_starmodel/metrics"


class Thing(Entity):
    count: int = 0

    @event
    def add(self) -> None:
        if self.count:
            raise ValueError
        self.count += 1


class Metered:
    def __init__(self, answer):
        self.answer = answer

    @hookimpl
    async def starmodel_metrics(self):
        return self.answer


OPEN = MetricsSettings(TOKEN)


def served(*answers, settings=OPEN):
    host = PluginHost()
    for number, answer in enumerate(answers):
        host.add(Metered(answer), f"plugin-{number}")
    app = StarModelApp(Application([Thing], codec=PlainCodec()), plugins=host, metrics=settings)
    return TestClient(app, raise_server_exceptions=False), host


def lines(client, token=TOKEN):
    reply = client.get(PATH, headers={"Authorization": f"Bearer {token}"})
    assert reply.status_code == 200, reply.status_code
    assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return reply.text.splitlines()


def test_without_a_token_there_is_no_such_address():
    with served(settings=None)[0] as client:
        assert client.get(PATH, headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}])
def test_whoever_has_no_token_learns_nothing(given):
    with served()[0] as client:
        reply = client.get(PATH, headers=given)
        assert (reply.status_code, reply.content) == (401, b"")


@pytest.mark.parametrize("token", ["short", "with a space in the middle", "mit Umläuten, die keiner tippt"])
def test_a_token_that_protects_nothing_is_refused(token):
    with pytest.raises(ConfigurationError, match="token_urlsafe"):
        MetricsSettings(token)


def test_commands_are_counted_by_what_became_of_them_and_never_by_an_id():
    with served()[0] as client:
        made = client.post("/thing/create", json={}).json()["id"]
        for _ in range(2):
            client.post(f"/thing/{made}/add", json={})
        found = lines(client)
    seconds = 'starmodel_event_seconds_count{entity="Thing",event="add",outcome="%s"} 1'
    assert seconds % "done" in found
    assert seconds % "failed" in found
    assert 'starmodel_event_seconds_bucket{entity="Thing",event="add",outcome="done",le="+Inf"} 1' in found
    assert "starmodel_streams_open 0" in found
    assert 'starmodel_parked_events{store="memory"} 0' in found
    assert not any(made in line for line in found)


def test_a_plugin_adds_its_own_and_whatever_it_says_stays_on_its_line():
    depth = Metric(
        "acme_depth", "Line one\nand \\ two", [Sample(1.5, {"queue": 'the "new"\n\\ one'}), Sample(float("inf"))]
    )
    with served([depth], settings=MetricsSettings(TOKEN, process="7"))[0] as client:
        found = lines(client)
    at = found.index("# HELP acme_depth Line one\\nand \\\\ two")
    assert found[at + 1 : at + 4] == [
        "# TYPE acme_depth gauge",
        'acme_depth{process="7",queue="the \\"new\\"\\n\\\\ one"} 1.5',
        'acme_depth{process="7"} +Inf',
    ]


def test_what_a_plugin_says_wrong_costs_its_own_numbers_only():
    def metric(name):
        return Metric(name, "It.", [Sample(1)])

    answers = [["nonsense"], [metric("one")], [metric("two"), metric("one")], [metric("starmodel_streams_open")], 3]
    client, host = served(*answers)
    with client:
        found = lines(client)
    assert "one 1" in found
    assert "two 1" not in found
    errors = [one.error or "" for one in host.records if one.name.startswith("plugin")]
    assert "a list of Metric" in errors[0]
    assert not errors[1]
    assert "there is a metric 'one' already" in errors[2]
    assert "there is a metric 'starmodel_streams_open' already" in errors[3]
    assert "TypeError" in errors[4]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"name": "with-dash"}, "letters, digits and _"),
        ({"kind": "summary"}, "choose counter, gauge, histogram"),
        ({"kind": "counter"}, "call it depth_total"),
        ({"samples": [Sample("3")]}, "is no number"),
        ({"samples": [Sample(1, {"a-b": "c"})]}, "has a label 'a-b'"),
        ({"samples": [Sample(1, part="_sum")]}, "'_sum' is no part of depth, a gauge"),
        ({"samples": [Sample(1)] * 10_001}, "label it by something of which few exist"),
    ],
)
def test_a_metric_that_cannot_be_read_cannot_be_made(wrong, why):
    with pytest.raises(ValueError, match=why):
        Metric(**{"name": "depth", "doc": "It.", "samples": [Sample(1)], **wrong})
