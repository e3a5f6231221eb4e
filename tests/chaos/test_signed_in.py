"""Whoever signs in on one node is known to the other, also when both died meanwhile; whoever signs out, to none."""

from __future__ import annotations

import http.client
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from html import unescape

import pytest

from rig.nodes import APP, Cluster

MEMBERS = APP.parent / "members.py"


class Browser:
    """Keeps a cookie, whichever node it talks to."""

    def __init__(self, cookie=""):
        self.cookie = cookie

    def get(self, node, path):
        answer, text = self.ask(node, path)
        assert answer.status == 200, text
        self.cookie = next(iter(cookies_of(answer)), self.cookie)
        return text

    def ask(self, node, path):
        connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=10)
        connection.request("GET", path, headers={"Cookie": self.cookie} if self.cookie else {})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer, text

    def who(self, node):
        return re.search(r"\[(.*?)\] (\w+)", self.get(node, "/who")).group()

    def stream(self, node):
        """Open a live page there, and return its stream."""
        page = self.get(node, "/notes")
        url, after = (unescape(re.search(rf'data-{name}="([^"]*)"', page)[1]) for name in ("url", "after"))
        connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=10)
        connection.request("GET", f"{url}&after={after}", headers={"Cookie": self.cookie})
        answer = connection.getresponse()
        while b"hello" not in answer.readline():
            pass
        return connection, answer


def cookies_of(answer):
    return [value.partition(";")[0] for value in answer.headers.get_all("set-cookie") or []]


def seconds_until_over(stream):
    began = time.monotonic()
    connection, answer = stream
    with closing(connection):
        while answer.readline():
            pass
    return time.monotonic() - began


def cluster(request, kind, folder):
    if kind == "redis":
        url = request.getfixturevalue("redis_url")
        return Cluster("", folder, nodes=2, app=MEMBERS, RIG_STORE="redis", REDIS_URL=url)
    url = f"sqlite:///{folder}/data.db" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    return Cluster(url, folder, nodes=2, app=MEMBERS)


@pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.long), pytest.param("redis", marks=pytest.mark.long)]
)
def test_a_session_is_the_same_on_every_node_and_outlives_them(request, kind, tmp_path):
    with cluster(request, kind, tmp_path) as running:
        here, there = running.nodes
        ada = Browser()
        ada.get(here, "/put/cart")
        before = ada.cookie
        ada.get(here, "/login/ada")
        assert ada.who(there) == "[cart user] ada"
        assert Browser(before).who(there) == "[] nobody", "the id of before the login is worth nothing"

        def put(number):
            Browser(ada.cookie).get(running.nodes[number % 2], f"/put/tab{number}")

        with ThreadPoolExecutor(4) as tabs:
            list(tabs.map(put, range(8)))
        everything = f"[cart {' '.join(f'tab{number}' for number in range(8))} user] ada"
        assert ada.who(here) == everything

        for node in running.nodes:
            node.kill()
            node.start()
        for node in running.nodes:
            node.wait_until_up()
        assert ada.who(there) == everything

        stream, signed_in = ada.stream(there), ada.cookie
        ada.get(here, "/logout")
        assert seconds_until_over(stream) < 2
        for node in running.nodes:
            assert ada.who(node) == "[] nobody"
            assert Browser(signed_in).who(node) == "[] nobody"


@pytest.mark.long
@pytest.mark.parametrize("kind", ["sqlite", "postgres", "redis"])
def test_all_sessions_of_somebody_end_on_every_node(request, kind, tmp_path):
    with cluster(request, kind, tmp_path) as running:
        browsers = [Browser() for _ in range(4)]
        for number, browser in enumerate(browsers):
            browser.get(running.nodes[number % 2], "/login/ada")
            browser.get(running.nodes[number % 2], "/notes")  # whose session it is, is known by the next request
        bob = Browser()
        bob.get(running.nodes[0], "/login/bob")
        streams = [browser.stream(node) for browser in browsers for node in running.nodes]
        Browser().get(running.nodes[0], "/out/ada")
        for stream in streams:
            assert seconds_until_over(stream) < 2
        assert {browser.who(node) for browser in browsers for node in running.nodes} == {"[] nobody"}
        assert bob.who(running.nodes[1]) == "[user] bob"
