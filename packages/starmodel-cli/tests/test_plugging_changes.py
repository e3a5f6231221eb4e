"""A change of plugins happens as a whole or not at all, wherever it is cut short."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from starmodel.cli.plugging import PluginBusyError, changing, recovered, snapshots


class Killed(BaseException):
    """Stands for a process that is no more."""


@pytest.fixture
def shop(tmp_path):
    """A project with an environment in it, and things of which each kind must come back."""
    folder = tmp_path / "shop"
    site = folder / ".venv/lib/site-packages"
    (site / "old").mkdir(parents=True)
    (site / "old/code.py").write_text("old = 1\n")
    (site / "empty").mkdir()
    (folder / ".venv/lib64").symlink_to("lib")
    (folder / ".venv/pyvenv.cfg").write_text("home = here\n")
    (folder / "pyproject.toml").write_bytes(b"# mine\r\n[project]\r\n")
    (folder / "pyproject.toml").chmod(0o640)
    return folder


def tree(folder):
    """Return everything below *folder*: what it is, what it may, what is in it; an empty .starmodel counts not."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name, is_file = path.relative_to(folder).as_posix(), path.is_file()
        found[name] = path.readlink() if path.is_symlink() else is_file and (path.stat().st_mode, path.read_bytes())
    if not any(name.startswith(".starmodel/") for name in found):
        found.pop(".starmodel", None)
    return found


def change(folder):
    """Do what an installer and the commands do: replace, add and remove, at the top as well."""
    site = folder / ".venv/lib/site-packages"
    (site / "old/code.py").unlink()
    (site / "old/code.py").write_text("old = 2\n")
    (site / "new").mkdir()
    (site / "new/code.py").write_text("new = 1\n")
    (site / "empty").rmdir()
    (folder / ".venv/share").mkdir()
    (folder / ".venv/pyvenv.cfg").write_text("home = there\n")
    (folder / "pyproject.toml").write_text("[project]\n")
    (folder / ".env.example").write_text("A=1\n")


def changed(folder, error=None):
    files = [folder / "pyproject.toml", folder / ".env.example"]
    with changing.undoable(folder, folder / ".venv", files):
        change(folder)
        if error is not None:
            raise error


def test_what_came_to_its_end_stays_and_nothing_else_is_left(shop, tmp_path):
    expected = shutil.copytree(shop, tmp_path / "expected", symlinks=True)
    change(expected)
    changed(shop)
    assert tree(shop) == tree(expected)
    assert not recovered(shop)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_whatever_goes_wrong_everything_is_put_back(shop, error):
    before = tree(shop)
    with pytest.raises(error):
        changed(shop, error)
    assert tree(shop) == before


def cut(monkeypatch, step):
    """Let the process die at the *step*-th thing that it does to a disk, and do nothing more; tell how far it came."""
    done = {"count": 0, "dead": False}

    def mortal(function):
        def call(*arguments, **options):
            if done["dead"] or done["count"] == step:
                done["dead"] = True
                raise Killed
            done["count"] += 1
            return function(*arguments, **options)

        return call

    for name in ("rename", "replace", "mkdir", "unlink", "write_text", "symlink_to"):
        monkeypatch.setattr(Path, name, mortal(getattr(Path, name)))
    monkeypatch.setattr(os, "link", mortal(os.link))
    for name in ("copy2", "rmtree"):
        monkeypatch.setattr(shutil, name, mortal(getattr(shutil, name)))
    return done


@pytest.mark.parametrize("is_failing", [False, True])
def test_a_process_may_be_killed_at_any_step(shop, tmp_path, is_failing):
    pristine = shutil.copytree(shop, tmp_path / "pristine", symlinks=True)
    before, kept = tree(shop), 0
    for step in range(200):
        with pytest.MonkeyPatch.context() as patched:
            done = cut(patched, step)
            with suppress(Killed, ValueError), changing.undoable(shop, shop / ".venv", [shop / "pyproject.toml"]):
                site = shop / ".venv/lib/site-packages"
                os.unlink(site / "old/code.py")  # noqa: PTH108 - Path's own are those that die
                os.mkdir(shop / ".venv/share")  # noqa: PTH102
                (shop / "pyproject.toml").write_bytes(b"[project]\n")
                if is_failing:
                    raise ValueError
        recovered(shop)
        after = tree(shop)
        if after != before:
            assert not is_failing
            assert after.keys() - before.keys() == {".venv/share"}
            assert before.keys() - after.keys() == {".venv/lib/site-packages/old/code.py"}
            kept += 1
            shutil.rmtree(shop)
            shutil.copytree(pristine, shop, symlinks=True)
        if not done["dead"]:
            break
    assert step > 20, "there are that many steps, and each was the last once"
    assert kept > 0 or is_failing


def test_two_changes_at_once_are_refused(shop):
    with changing.undoable(shop, None, []), pytest.raises(PluginBusyError, match="wait for its end"):
        changed(shop)


def test_a_file_system_without_links_gets_copies(shop, monkeypatch):
    def refused(*_, **__):
        raise OSError(1, "not permitted")

    monkeypatch.setattr(os, "link", refused)
    before = tree(shop)
    names = snapshots.take_snapshot(shop / ".venv")
    change(shop)
    snapshots.put_back(shop / ".venv", names)
    (shop / ".env.example").unlink()
    assert {name for name, one in tree(shop).items() if before.get(name) != one} == {"pyproject.toml"}
