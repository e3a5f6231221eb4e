"""The browser files of other people: how the build brings them into the package."""

from __future__ import annotations

import importlib.util
import shutil
import zipfile
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

PACKAGE = Path(__file__).parent.parent


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
    """A copy of the package with nothing brought in yet."""
    shutil.copy(PACKAGE / hook.LOCK, tmp_path)
    return tmp_path


def wheel_of(place: Path, package, vendored: Path, change: bytes = b"") -> bytes:
    path = place / f"{package['name']}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in package["file"]:
            archive.writestr(file["from"], (vendored / file["to"]).read_bytes() + change)
    return path.read_bytes()


def test_the_build_brings_in_what_the_lock_names_once(hook, checkout, monkeypatch):
    vendored = PACKAGE / hook.VENDOR
    fetched = []
    monkeypatch.setattr(hook, "_download", lambda it: fetched.append(it["name"]) or wheel_of(checkout, it, vendored))
    assert hook.vendor(checkout) == ["drf-spectacular-sidecar"]
    assert hook.vendor(checkout) == []
    assert fetched == ["drf-spectacular-sidecar"]
    for path in (path for path in vendored.rglob("*") if path.is_file()):
        assert (checkout / hook.VENDOR / path.relative_to(vendored)).read_bytes() == path.read_bytes()
    (checkout / hook.VENDOR / "swagger-ui.css").write_text("changed")
    assert hook.vendor(checkout) == ["drf-spectacular-sidecar"]


def test_a_file_that_is_not_the_pinned_one_stops_the_build(hook, checkout, monkeypatch):
    vendored = PACKAGE / hook.VENDOR
    monkeypatch.setattr(hook, "_download", lambda it: wheel_of(checkout, it, vendored, b"!"))
    with pytest.raises(hook.VendorError, match=r"is not the file that vendor\.lock\.toml pins"):
        hook.vendor(checkout)
    assert not (checkout / hook.VENDOR / "swagger-ui.css").exists()


def test_a_download_that_fails_says_what_to_do(hook, checkout, monkeypatch):
    failed = SimpleNamespace(returncode=1, stderr="ERROR: no such thing", stdout="")
    monkeypatch.setattr(hook.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(hook.VendorError) as caught:
        hook.vendor(checkout)
    for part in (
        "drf-spectacular-sidecar 2026.10.1",
        "ERROR: no such thing",
        "pip download drf-spectacular-sidecar==2026.10.1",
        "copy the files by hand",
        "/swagger-ui-bundle.js",
    ):
        assert part in str(caught.value)


def test_a_download_is_pinned_by_its_hash_and_runs_nothing(hook, checkout, monkeypatch):
    asked = []

    def run(command, **_):
        pin = Path(command[command.index("--requirement") + 1]).read_text()
        asked.append((pin, command))
        (Path(command[-1]) / "x.whl").write_bytes(b"wheel")
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(hook.subprocess, "run", run)
    package = {"name": "drf-spectacular-sidecar", "version": "2026.10.1", "wheel_sha256": "abc", "file": []}
    assert hook._download(package) == b"wheel"
    [(pin, command)] = asked
    assert pin == "drf-spectacular-sidecar==2026.10.1 --hash=sha256:abc\n"
    assert {"--require-hashes", "--only-binary=:all:", "--no-deps"} <= set(command)


def test_the_licence_comes_along():
    folder = PACKAGE / "src/starmodel/adapters/rest/assets/vendor/licenses"
    assert "Apache License" in (folder / "swagger-ui-LICENSE.txt").read_text("utf-8")
