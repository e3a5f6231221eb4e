"""Files in real tabs: chosen, dropped, sent with progress, stopped, replaced, taken back; with scripts and without."""

from __future__ import annotations

import re
import socket
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from .conftest import APPS, Server, Visitor

Visitors = Callable[..., Visitor]


def png(color: tuple[int, int, int], *, padding: int = 0) -> bytes:
    """Return a picture of one color, with so many bytes besides that mean nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(color) * 40 for _ in range(40))
    head = struct.pack(">IIBBBBB", 40, 40, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"tEXt", b"c\0" + b"x" * padding)]
    return b"\x89PNG\r\n\x1a\n" + b"".join([*parts, chunk(b"IEND", b"")])


RED: FilePayload = {"name": "red.png", "mimeType": "image/png", "buffer": png((200, 30, 30))}
BLUE: FilePayload = {"name": "blue.png", "mimeType": "image/png", "buffer": png((30, 30, 200))}
LARGE: FilePayload = {"name": "large.png", "mimeType": "image/png", "buffer": png((9, 9, 9), padding=2_000_000)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("papers")


@pytest.fixture(scope="module")
def server(serve_all: Callable[..., Server], folder: Path) -> Server:
    return serve_all(APPS / "papers.py", folder)


def opened(page: Page, name: str) -> Locator:
    page.get_by_role("link", name=name).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def choose(dialog: Locator, file: FilePayload, field: str = "photo") -> None:
    dialog.locator(f"input[type=file][name={field}]").set_input_files(file)


def slow(page: Page, speed: int = 300_000) -> None:
    """Let this tab send no more than so many bytes a second."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": speed}
    session.send("Network.emulateNetworkConditions", limits)


def test_a_photo_is_sent_seen_in_another_tab_replaced_and_taken_back(server: Server, visitors: Visitors) -> None:
    other = visitors().open(f"{server.url}/person")
    page = visitors().open(f"{server.url}/person")
    dialog = opened(page, "New person")
    dialog.get_by_label("Name").fill("Ada")
    choose(dialog, RED)
    expect(dialog.locator("[data-sm-chosen]").first).to_have_text("red.png")
    expect(dialog.locator("[data-sm-chosen] img").first).to_be_visible()
    dialog.get_by_role("button", name="Create").click()
    expect(dialog).to_be_hidden()

    row = other.locator("tbody tr", has_text="Ada")
    expect(row.locator("img")).to_be_visible()
    first = row.locator("img").get_attribute("src")
    page.goto(f"{server.url}{row.get_by_role('link', name='Ada', exact=True).get_attribute('href')}")
    dialog = opened(page, "Edit")
    expect(dialog.get_by_role("link", name="red.png")).to_be_visible()
    choose(dialog, BLUE)
    expect(dialog.locator("[data-sm-chosen]").first).to_have_text("blue.png")
    dialog.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("blue.png")
    expect(row.locator("img")).not_to_have_attribute("src", str(first))

    page.locator("#sm-toasts").get_by_role("button", name="Undo").click()
    expect(row).to_contain_text("red.png")
    expect(row.locator("img")).to_have_attribute("src", str(first))
    assert other.evaluate("document.querySelector('tbody img').naturalWidth") == 40


def test_a_large_file_shows_how_far_it_is_and_its_form_waits_for_it(server: Server, visitors: Visitors) -> None:
    page = visitors().open(f"{server.url}/person")
    dialog = opened(page, "New person")
    dialog.get_by_label("Name").fill("Grace")
    slow(page, 700_000)
    choose(dialog, LARGE)
    bar = dialog.locator("progress").first
    expect(bar).to_be_visible()
    page.wait_for_function(
        "() => { const v = document.querySelector('dialog progress').value; return v > 0 && v < 1; }"
    )
    dialog.get_by_role("button", name="Create").click()
    expect(dialog).to_be_visible()
    expect(dialog).to_be_hidden(timeout=20_000)
    expect(page.locator("tbody tr", has_text="Grace")).to_contain_text("large.png")


def test_a_file_on_its_way_is_stopped_and_nothing_is_left_of_it(
    server: Server, visitors: Visitors, folder: Path
) -> None:
    page = visitors().open(f"{server.url}/person")
    dialog = opened(page, "New person")
    slow(page)
    before = sorted((folder / "files" / "waiting").glob("*"))
    choose(dialog, LARGE)
    cancel = dialog.locator("[data-sm-cancel]").first
    expect(cancel).to_be_visible()
    cancel.focus()
    page.keyboard.press("Enter")
    expect(cancel).to_be_hidden()
    expect(dialog.locator("input[type=file][name=photo]")).to_be_focused()
    expect(dialog.locator("[data-sm-chosen]").first).to_be_hidden()
    page.wait_for_timeout(300)
    assert sorted((folder / "files" / "waiting").glob("*")) == before


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (
            {**RED, "mimeType": "text/html", "name": "a.html"},
            "is of the type text/html, and only image/* is taken here",
        ),
        ({**RED, "buffer": b"<script>alert(1)</script>"}, "says that it is image/png, and holds HTML"),
        ({**RED, "buffer": png((1, 1, 1), padding=4_000_000)}, "is larger than 3 MB, the most that is taken here"),
        ({**RED, "buffer": b""}, "is empty; choose another one"),
    ],
    ids=["type", "content", "size", "empty"],
)
def test_what_is_not_taken_is_said_at_the_field(
    server: Server, visitors: Visitors, file: FilePayload, text: str
) -> None:
    visitor = visitors()
    visitor.expected = ("415", "422", "413")
    dialog = opened(visitor.open(f"{server.url}/person"), "New person")
    choose(dialog, file)
    control = dialog.locator("input[type=file][name=photo]")
    expect(control).to_have_attribute("aria-invalid", "true")
    expect(dialog.locator(f"#{control.get_attribute('aria-describedby')}")).to_contain_text(text)
    choose(dialog, BLUE)
    expect(control).not_to_have_attribute("aria-invalid", "true")
    expect(dialog.locator("[data-sm-chosen]").first).to_have_text("blue.png")


def test_a_file_is_dropped_onto_its_field(server: Server, visitors: Visitors) -> None:
    page = visitors().open(f"{server.url}/person")
    dialog = opened(page, "New person")
    given = page.evaluate_handle(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(["Dear all"], "letter.txt", { type: "text/plain" }));
          return data;
        }"""
    )
    field = dialog.locator("[data-sm-file]", has_text="Letter")
    field.dispatch_event("dragover", {"dataTransfer": given})
    expect(field).to_have_attribute("data-sm-over", "")
    field.dispatch_event("drop", {"dataTransfer": given})
    expect(field).not_to_have_attribute("data-sm-over", "")
    expect(field.locator("[data-sm-chosen]")).to_have_text("letter.txt")


def test_a_file_is_sent_shown_and_taken_away_without_scripts(server: Server, visitors: Visitors) -> None:
    context = visitors(java_script_enabled=False).context
    page = context.new_page()
    page.goto(f"{server.url}/person/new")
    page.get_by_label("Name").fill("Mary")
    page.locator("input[type=file][name=photo]").set_input_files({**RED, "buffer": b"no picture"})
    page.get_by_role("button", name="Create").click()
    expect(page.locator("#person-create-photo-error")).to_contain_text("says that it is image/png")
    page.locator("input[type=file][name=photo]").set_input_files(RED)
    page.get_by_role("button", name="Create").click()
    expect(page).to_have_url(re.compile(r"/person/[0-9a-f]{32}$"))
    expect(page.get_by_role("link", name="red.png")).to_be_visible()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Remove").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="red.png")).to_have_count(0)


def memory(pid: int) -> int:
    """Return the most bytes that a process has had in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) * 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize(
    "length", [pytest.param("content-length: 100000000", marks=pytest.mark.long), "transfer-encoding: chunked"]
)
def test_a_hundred_megabytes_are_refused_without_being_read_or_held(server: Server, length: str) -> None:
    assert server.process is not None
    before, sent, chunk = memory(server.process.pid), 0, b"\x89PNG\r\n\x1a\n" + bytes(100_000 - 8)
    head = f"POST /person/create/files/photo HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: image/png\r\n{length}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.sendall(head.encode())
        with suppress(OSError):  # the server has had enough
            for _ in range(1000):
                line.sendall(b"186a0\r\n%b\r\n" % chunk if "chunked" in length else chunk)
                sent += len(chunk)
        answer = b""
        with suppress(OSError):
            while part := line.recv(65536):
                answer += part
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"is larger than 3 MB, the most that is taken here" in answer
    assert sent < 40_000_000
    assert memory(server.process.pid) - before < 20_000_000


@pytest.mark.parametrize("scheme", [pytest.param("light", marks=pytest.mark.long), "dark"])
def test_a_narrow_form_with_a_file_keeps_nobody_out(
    server: Server, visitors: Visitors, axe: Callable[[Page], list[str]], scheme: str
) -> None:
    page = visitors(viewport={"width": 360, "height": 740}, color_scheme=scheme, reduced_motion="reduce").open(
        f"{server.url}/person"
    )
    dialog = opened(page, "New person")
    choose(dialog, {**BLUE, "name": "a" * 190 + ".png"})
    expect(dialog.locator("[data-sm-chosen] img").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(
        "(() => { const d = document.querySelector('dialog'); return d.scrollWidth <= d.clientWidth; })()"
    )
    assert axe(page) == []
