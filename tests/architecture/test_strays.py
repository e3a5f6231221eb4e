"""What a clone must not bring along: lock files, addresses to fetch from, places of somebody's machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from house.layout import ROOT
from house.strays import ADDRESSES, files, stray_addresses, stray_lock_files

PLACES = (f"{ROOT}/", f"{Path.home()}/")


@pytest.fixture(scope="module")
def committed():
    return files(ROOT)


def test_no_lock_files(committed):
    assert stray_lock_files(committed) == []


def test_no_registry_or_cdn_is_named_and_no_place_of_this_machine(committed):
    assert committed
    assert stray_addresses(committed, PLACES) == []


@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "package-lock.json"])
def test_a_lock_file_is_noticed(name):
    assert stray_lock_files([Path("docs", name)]) == [f"docs/{name} is a lock file"]


@pytest.mark.parametrize("address", [*ADDRESSES, *PLACES])
def test_a_stray_address_is_noticed(tmp_path, address):
    page = tmp_path / "page.html"
    page.write_text(f'<script src="https://{address}/x.js"></script>')
    assert f"{page} names {address}" in stray_addresses([page], PLACES)


def test_a_file_that_nobody_committed_yet_is_looked_at(tmp_path):
    import subprocess

    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "uv.lock").touch()
    (tmp_path / ".gitignore").write_text("ignored\n")
    (tmp_path / "ignored").touch()
    assert [path.name for path in files(tmp_path)] == [".gitignore", "uv.lock"]
