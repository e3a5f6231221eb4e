"""What the store of files in a directory does besides its contract: rights, room, and what others did to its folder."""

from __future__ import annotations

import os
import stat

import pytest

from starmodel.adapters.files import DirectoryFileStore
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
