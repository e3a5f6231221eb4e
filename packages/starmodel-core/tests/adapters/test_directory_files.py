"""What the store of files in a directory does besides its contract: rights, room, and what others did to its folder."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
import time

import pytest

from starmodel.adapters.files import DirectoryFileStore, directory
from starmodel.core.errors import NotFoundError, StoreError

pytestmark = pytest.mark.anyio


async def stream(*chunks):
    for chunk in chunks:
        yield chunk


def everything(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


async def test_nothing_is_made_before_the_first_file(tmp_path):
    store = DirectoryFileStore(tmp_path / "files")
    assert await store.sweep(seconds=0) == 0
    with pytest.raises(NotFoundError):
        await store.open("0" * 32)
    assert list(tmp_path.iterdir()) == []


async def test_a_file_is_found_by_its_key_alone(tmp_path):
    store = DirectoryFileStore(tmp_path)
    key = await store.save(stream(b"x"))
    assert everything(tmp_path) == [f"waiting/{key}"]
    await store.keep(key)
    assert everything(tmp_path) == [f"kept/{key[:2]}/{key}"]


@pytest.mark.skipif(os.name != "posix", reason="rights are those of POSIX")
async def test_nobody_else_on_the_machine_may_read_it(tmp_path):
    store = DirectoryFileStore(tmp_path / "files")
    key = await store.save(stream(b"x"))
    await store.keep(key)
    path = tmp_path / "files" / "kept" / key[:2] / key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_disk_that_is_nearly_full_takes_nothing_more(tmp_path):
    store = DirectoryFileStore(tmp_path, reserve=2**62)
    with pytest.raises(StoreError, match=r"are left on the disk; is there room"):
        await store.save(stream(b"x"))
    assert everything(tmp_path) == []


async def test_a_folder_that_is_none_is_said_so(tmp_path):
    (tmp_path / "files").write_text("not a folder")
    with pytest.raises(StoreError, match="no file can be written in"):
        await DirectoryFileStore(tmp_path / "files").save(stream(b"x"))


async def test_what_a_killed_process_left_half_written_is_swept_away(tmp_path):
    store = DirectoryFileStore(tmp_path)
    await store.save(stream(b"x"))
    part = tmp_path / "waiting" / f"{'a' * 32}.part"
    part.write_bytes(b"half")
    os.utime(part, (0, 0))
    assert await store.sweep(seconds=60) == 1
    assert not part.exists()


async def test_two_processes_may_share_it(tmp_path):
    first, second = DirectoryFileStore(tmp_path), DirectoryFileStore(tmp_path)
    key = await first.save(stream(b"shared"))
    await second.keep(key)
    assert b"".join([chunk async for chunk in await first.open(key)]) == b"shared"


async def test_who_keeps_a_file_at_the_moment_when_another_process_lets_it_go_has_it(tmp_path, monkeypatch):
    first, second = DirectoryFileStore(tmp_path), DirectoryFileStore(tmp_path)
    key, moved = await first.save(stream(b"shared")), first._moved
    assert await first.keep(key)

    def then_kept(path, to):
        done = moved(path, to)
        monkeypatch.undo()
        second._keep(key)
        return done

    monkeypatch.setattr(first, "_moved", then_kept)
    await first.let_go(key)
    assert await second.sweep(seconds=-1) == 0
    assert b"".join([chunk async for chunk in await second.open(key)]) == b"shared"


async def test_a_file_that_was_let_go_by_a_process_that_died_is_found_to_be_kept_by_another(tmp_path):
    store = DirectoryFileStore(tmp_path)
    key = await store.save(stream(b"shared"))
    await store.keep(key)
    await store.keep(key)
    store._place(key).rename(tmp_path / "waiting" / key)  # and there it died, before it could look for the mark
    assert await store.sweep(seconds=-1) == 0
    assert store._place(key).read_bytes() == b"shared"


@pytest.mark.parametrize("step", ["_written", "_finished"])
async def test_a_sender_that_goes_away_takes_no_file_out_of_the_hands_of_a_thread(tmp_path, monkeypatch, step):
    work, begun, was_closed = getattr(directory, step), threading.Event(), []

    def slowly(file, *rest):
        begun.set()
        time.sleep(0.1)
        was_closed.append(file.closed)
        work(file, *rest)

    monkeypatch.setattr(directory, step, slowly)
    task = asyncio.create_task(DirectoryFileStore(tmp_path).save(stream(b"x")))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert was_closed == [False]
    assert everything(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="elsewhere the system sees to it")
async def test_the_names_of_folders_are_flushed_like_those_of_files(tmp_path, monkeypatch):
    flushed = []
    monkeypatch.setattr(directory, "_flush", lambda folder: flushed.append(str(folder.relative_to(tmp_path))))
    store = DirectoryFileStore(tmp_path / "files")
    key = await store.save(stream(b"x"))
    assert flushed == ["files", ".", "files/waiting"]
    flushed.clear()
    await store.keep(key)
    assert flushed == ["files/kept", "files", f"files/kept/{key[:2]}"]
