"""``starmodel routes`` lists what an application answers to, whoever made its routes."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from starmodel.cli.addresses import Address, addresses_of, doubled

APP = """
from types import SimpleNamespace as Some

class StaticFiles: pass

def route(path, name, *methods): return Some(path=path, name=name, methods=set(methods))

app = Some(app=Some(routes=[
    route("/", "home", "GET", "HEAD"),
    route("/task/{id}/toggle", "event Task.toggle", "POST"),
    route("/task/{id}/files/scan", "file Task.scan", "GET", "HEAD"),
    route("/_starmodel/live", "starmodel-live", "GET"),
    Some(path="/api", app=Some(openapi=None), routes=[route("/task", "tasks", "POST", "GET")]),
    Some(path="/static", app=StaticFiles(), routes=[], name="static"),
]))
"""


@pytest.fixture
def routes(cli, project):
    def routes(code, *arguments):
        (project / "main.py").write_text(code)
        return cli("routes", *arguments)

    return routes


def test_every_address_is_listed_with_what_it_is(routes):
    listed = {one["path"]: one for one in json.loads(routes(APP, "--json").out)["routes"]}
    kinds = {path: (one["kind"], one["methods"]) for path, one in listed.items()}
    assert kinds == {
        "/": ("page", ["GET"]),
        "/task/{id}/toggle": ("event", ["POST"]),
        "/task/{id}/files/scan": ("files", ["GET"]),
        "/_starmodel/live": ("live", ["GET"]),
        "/api/task": ("api", ["GET", "POST"]),
        "/static/…": ("files", ["GET"]),
    }
    toggle = listed["/task/{id}/toggle"]
    assert (toggle["entity"], toggle["event"]) == ("Task", "toggle")


def test_people_get_a_table_in_the_order_of_the_addresses(routes):
    out = routes(APP).out
    assert out.index("/_starmodel/live") < out.index("/api/task") < out.index("/task/{id}/toggle")
    assert "Task.toggle" in out


def test_a_pipe_gets_every_address_whole(routes):
    long = "/a-long-way" * 12
    assert f"{long}/" in routes(APP.replace("/static", long)).out


def test_an_application_without_a_web_has_none(routes):
    assert routes("app = 1").out == "The application has no addresses: it has no web.\n"


def address(path, name, *methods):
    return Address(path, methods, "page", name)


def test_the_second_of_two_routes_to_one_address_is_noticed_whatever_its_parameters_are_called():
    one, two = address("/task/{id}", "one", "GET"), address("/task/{task}", "two", "GET", "POST")
    assert doubled([one, two]) == [(one, two)]


@pytest.mark.parametrize(
    "second", [address("/task/{id}", "two", "POST"), address("/task/{id}/x", "two", "GET"), address("/task", "two")]
)
def test_other_methods_and_other_addresses_are_no_double(second):
    assert doubled([address("/task/{id}", "one", "GET"), second]) == []


def test_a_route_of_an_unknown_kind_is_a_page_under_its_own_name():
    (found,) = addresses_of(SimpleNamespace(routes=[SimpleNamespace(path="/x")]))
    assert found == Address("/x", (), "page", "SimpleNamespace")


def test_the_pages_of_each_entity_are_listed_unless_a_page_has_taken_their_place():
    pages = SimpleNamespace(addresses=[("GET", "/task", "Task"), ("GET", "/task/{id}", "Task")])
    own = SimpleNamespace(path="/task/{task}", name="details", methods={"GET"})
    found = addresses_of(SimpleNamespace(routes=[own], pages=pages))
    assert [(one.path, one.name, one.entity) for one in found] == [
        ("/task/{task}", "details", ""),
        ("/task", "pages of Task", "Task"),
    ]
    assert doubled(found) == []
