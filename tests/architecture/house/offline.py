"""A folder of wheels to install from without a network: ours, built; those of others, packed again."""

from __future__ import annotations

import base64
import hashlib
import shutil
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from . import wheels
from .layout import PACKAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["handmade", "index_of", "needed", "repacked"]

OURS = {package.name: package for package in PACKAGES}


def index_of(folder: Path, *wanted: str) -> Path:
    """Fill *folder* with a wheel of each of *wanted*, requirements such as ``a[b]``, and of all that they need."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in needed(wanted):
        if name in OURS:
            shutil.copy(wheels.build(OURS[name]), folder)  # a link would have the age that uv knows a wheel by
        else:
            repacked(distribution(name), folder)
    return folder


def needed(wanted: Iterable[str]) -> list[str]:
    """Return the names of *wanted* and of everything that they require, as installed here."""
    seen: set[tuple[str, str]] = set()
    waiting = [pair for text in wanted for pair in _pairs(text, "")]
    while waiting:
        pair = waiting.pop()
        if pair not in seen:
            seen.add(pair)
            for text in distribution(pair[0]).requires or ():
                waiting += _pairs(text, pair[1])
    return sorted({name for name, _ in seen})


def repacked(found: Distribution, folder: Path) -> Path:
    """Write a wheel of what is installed: the same files, with a RECORD of its own."""
    files = [file for file in found.files or () if ".." not in file.parts and "__pycache__" not in file.parts]
    [info] = {file.parts[0] for file in files if file.parts[0].endswith(".dist-info")}
    left_out = {f"{info}/{name}" for name in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")}
    tags = (found.read_text("WHEEL") or "").split("Tag: ")[1:]
    parts = [sorted({tag.split()[0].split("-")[at] for tag in tags}) for at in range(3)]
    path = folder / f"{info.removesuffix('.dist-info')}-{'-'.join('.'.join(part) for part in parts)}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        record = []
        for file in files:
            if file.as_posix() in left_out:
                continue
            content = Path(str(found.locate_file(file))).read_bytes()
            archive.writestr(file.as_posix(), content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record.append(f"{file.as_posix()},sha256={digest},{len(content)}")
        archive.writestr(f"{info}/RECORD", "\n".join([*record, f"{info}/RECORD,,", ""]))
    return path


def handmade(folder: Path, name: str, version: str, files: Mapping[str, str], offers: str, requires: str = "") -> Path:
    """Write a wheel of *files* that names *offers* in its entry points, and requires what *requires* says."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name.replace('-', '_')}-{version}"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    about = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: house\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "entry_points.txt": offers,
    }
    info = f"{stem}.dist-info"
    contents = {**files, **{f"{info}/{path}": text for path, text in about.items()}}
    record = "".join(f"{path},,\n" for path in (*contents, f"{info}/RECORD"))
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for each, text in {**contents, f"{info}/RECORD": record}.items():
            archive.writestr(each, text)
    return path


def _pairs(text: str, extra: str) -> list[tuple[str, str]]:
    required = Requirement(text)
    if required.marker is not None and not required.marker.evaluate({"extra": extra}):
        return []
    name = canonicalize_name(required.name)
    return [(name, ""), *((name, one) for one in required.extras)]
