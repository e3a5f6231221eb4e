"""What another program does to a table shows up in an open page, whichever process serves it."""

from __future__ import annotations

import http.client
import re
import sqlite3
import time
from contextlib import closing
from html import unescape

import psycopg

from rig.clients import Client
from rig.nodes import Cluster


def update(url, balance):
    """Run plain SQL, as any program would."""
    is_sqlite = url.startswith("sqlite")
    connect = sqlite3.connect if is_sqlite else psycopg.connect
    with closing(connect(url.removeprefix("sqlite:///") if is_sqlite else url)) as connection:
        connection.execute(f"UPDATE account SET balance = {balance} WHERE id = '0'")
        connection.commit()


class Tab:
    """An open page and its stream."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        self.connection.request("GET", "/account")
        answer = self.connection.getresponse()
        self.page = answer.read().decode()
        url = unescape(re.search(r'data-url="([^"]*)"', self.page)[1])
        after = unescape(re.search(r'data-after="([^"]*)"', self.page)[1])
        cookie = answer.headers["set-cookie"].partition(";")[0]
        self.connection.request("GET", f"{url}&after={after}", headers={"Cookie": cookie})
        self.stream = self.connection.getresponse()
        assert self.stream.status == 200

    def read_until(self, text):
        """Return the seconds until *text* is in the stream; TimeoutError after five."""
        began, seen = time.monotonic(), ""
        while text not in seen:
            seen += self.stream.read1().decode()
        return time.monotonic() - began


def test_an_update_by_another_program_is_in_the_open_page_within_a_second(url, tmp_path):
    with Cluster(url, tmp_path, nodes=2) as cluster:
        client = Client(0, cluster.nodes)
        client.begin()
        assert client.ask(0, "POST", "/account/open_all", {})[0] == 200
        tab = Tab(cluster.nodes[1].port)
        assert "balance 1000" in tab.page
        update(url, 1)
        tab.read_until("balance 1<")  # the first frame may wait for the stream to begin
        took = []
        for balance in (77, 78, 79):
            update(url, balance)
            took.append(tab.read_until(f"balance {balance}<"))
        assert max(took) <= 1
        client.close()
        tab.connection.close()
