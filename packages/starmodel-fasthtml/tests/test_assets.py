"""The browser files: how they are named and sent."""

from __future__ import annotations

import gzip
import re
import sys
from types import ModuleType, SimpleNamespace

import anyio
import pytest

from starmodel.adapters.fasthtml.assets import AssetMissingError, Assets, UnknownAssetError

OURS = (
    "cells.js",
    "commands.js",
    "dialogs.js",
    "focus.js",
    "forms.js",
    "frames.js",
    "leaving.js",
    "lists.js",
    "live.js",
    "meanwhile.js",
    "page.js",
    "palette.js",
    "panels.js",
    "posting.js",
    "problems.js",
    "references.js",
    "starmodel.js",
    "toasts.js",
    "typing.js",
    "uploads.js",
    "visiting.js",
    "words.js",
    "zone.js",
)


@pytest.fixture(scope="module")
def assets() -> Assets:
    return Assets()


def ask(app: Assets, path: str, method: str = "GET", **headers: str) -> SimpleNamespace:
    sent: list[dict[str, object]] = []

    async def send(message):
        sent.append(message)

    async def receive():
        raise AssertionError("an asset has no need of a body")

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": raw}
    anyio.run(app, scope, receive, send)
    start, body = sent
    return SimpleNamespace(
        status=start["status"],
        headers={name.decode(): value.decode() for name, value in start["headers"]},
        body=body["body"],
    )


def test_a_file_is_sent_for_ever_and_as_what_it_is(assets):
    answer = ask(assets, assets.url("starmodel.js"))
    assert answer.status == 200
    assert answer.headers == {
        "content-type": "text/javascript; charset=utf-8",
        "cache-control": "public, max-age=31536000, immutable",
        "vary": "accept-encoding",
        "x-content-type-options": "nosniff",
        "content-length": str(len(answer.body)),
    }
    assert ask(assets, assets.url("starmodel.css")).headers["content-type"] == "text/css; charset=utf-8"


def test_a_file_is_compressed_for_whoever_takes_it(assets):
    plain = ask(assets, assets.url("datastar.js"))
    small = ask(assets, assets.url("datastar.js"), accept_encoding="deflate, gzip;q=0.8")
    assert small.headers["content-encoding"] == "gzip"
    assert gzip.decompress(small.body) == plain.body
    assert len(small.body) < len(plain.body) / 2
    for refusing in ("", "gzip;q=0", "identity", "gzip; q=0.0"):
        assert "content-encoding" not in ask(assets, assets.url("datastar.js"), accept_encoding=refusing).headers


def test_brotli_is_used_where_it_is_installed(monkeypatch, tmp_path):
    fake = ModuleType("brotli")
    fake.compress = lambda content: b"br:" + content[:9]
    monkeypatch.setitem(sys.modules, "brotli", fake)
    (tmp_path / "own.css").write_bytes(b"p { color: teal }" * 9)  # nobody in this process has compressed it yet
    assets = Assets(styles={"own.css": tmp_path / "own.css"})
    answer = ask(assets, assets.url("own.css"), accept_encoding="gzip, br")
    assert answer.headers["content-encoding"] == "br"
    assert answer.body.startswith(b"br:")


def test_head_is_get_without_the_body(assets):
    get, head = (ask(assets, assets.url("csp.js"), method) for method in ("GET", "HEAD"))
    assert head.headers == get.headers
    assert head.body == b""


@pytest.mark.parametrize(
    "path",
    [
        "/_starmodel/",
        "/_starmodel/starmodel.js",
        "/_starmodel/csp.000000000000.js",
        "/_starmodel/../bundle.py",
        "/_starmodel/..%2fbundle.py",
        "/",
    ],
)
def test_anything_else_is_not_there(assets, path):
    answer = ask(assets, path)
    assert (answer.status, answer.body) == (404, b"")


def test_a_right_name_in_a_wrong_place_is_not_there(assets):
    name = assets.url("csp.js").rpartition("/")[2]
    assert ask(assets, f"/elsewhere/{name}").status == 404
    assert ask(assets, f"/behind/a/proxy/_starmodel/{name}").status == 200


def test_nothing_can_be_written(assets):
    answer = ask(assets, assets.url("csp.js"), "POST")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_the_name_follows_the_content_and_the_prefix(tmp_path):
    other = tmp_path / "other.js"
    other.write_text("export const action = 1;\n//# sourceMappingURL=other.js.map")
    first, second = Assets(), Assets(prefix="/app/files/", datastar=other)
    assert re.fullmatch(r"/_starmodel/datastar\.[0-9a-f]{12}\.js", first.url("datastar.js"))
    assert second.url("datastar.js").startswith("/app/files/datastar.")
    assert ask(second, second.url("datastar.js")).body == b"export const action = 1;\n"
    names = [
        {assets.url(name).rpartition("/")[2] for name in ("datastar.js", "commands.js", "starmodel.js")}
        for assets in (first, second)
    ]
    assert not names[0] & names[1], "what imports a changed file changes too"


def test_every_import_leads_to_a_file_that_is_there(assets):
    seen = set()
    for name in OURS:
        text = ask(assets, assets.url(name)).body.decode()
        imports = re.findall(r'^import .*"(.*)";$', text, re.MULTILINE)
        assert len(imports) == len(re.findall(r"^import ", text, re.MULTILINE))
        seen.update(imports)
        assert all(ask(assets, url).status == 200 for url in imports)
    assert seen == {assets.url(name) for name in ("datastar.js", *OURS)} - {assets.url("starmodel.js")}


def test_datastar_may_come_from_elsewhere():
    assets = Assets(datastar="https://files.example/datastar.js")
    assert assets.url("datastar.js") == "https://files.example/datastar.js"
    assert b'from "https://files.example/datastar.js"' in ask(assets, assets.url("starmodel.js")).body


def test_the_head_loads_the_shim_before_every_module(assets):
    head = assets.head('n"<')
    assert 'nonce="n&quot;&lt;"' in head
    places = [head.index(assets.url(n)) for n in ("csp.js", "framework.css", "starmodel.css", "datastar.js")]
    assert places == sorted(places)
    assert head.endswith(f'<script type="module" nonce="n&quot;&lt;" src="{assets.url("starmodel.js")}"></script>')
    assert f'<script nonce="n&quot;&lt;" src="{assets.url("csp.js")}"></script>' in head
    assert set(re.findall(r'(?:href|src)="([^"]*)"', head)) == {
        assets.url(n) for n in ("framework.css", "starmodel.css", "csp.js", "datastar.js", *OURS)
    }


def test_an_unknown_name_is_told_the_nearest(assets):
    with pytest.raises(UnknownAssetError, match=r"did you mean 'starmodel\.js'"):
        assets.url("starmodl.js")


def test_a_missing_file_is_told_with_what_to_do(tmp_path):
    with pytest.raises(AssetMissingError, match="install starmodel-fasthtml again"):
        Assets(datastar=tmp_path / "gone.js")


def test_the_weight_stays_small(assets):
    def weight(*names: str) -> int:
        return sum(len(ask(assets, assets.url(name), accept_encoding="gzip").body) for name in names)

    assert weight(*OURS) < 33_000
    assert weight("framework.css", "starmodel.css") < 8_000
    assert weight("framework.css", "starmodel.css", "csp.js", "datastar.js", *OURS) < 54_000


def test_a_kit_brings_its_own_look(tmp_path):
    (tmp_path / "kit.css").write_text("body{}")
    (tmp_path / "theme.js").write_text("1")
    assets = Assets(styles={"kit.css": tmp_path / "kit.css"}, scripts={"theme.js": tmp_path / "theme.js"})
    head = assets.head("n")
    places = [head.index(assets.url(n)) for n in ("theme.js", "csp.js", "framework.css", "kit.css", "datastar.js")]
    assert places == sorted(places)
    assert "starmodel.css" not in head
    assert ask(assets, assets.url("kit.css")).body == b"body{}"
