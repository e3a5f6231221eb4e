"""What a person asks for: a short name that a registry knows, or a folder or wheel of this machine; nothing else."""

from __future__ import annotations

import tomllib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.parser import HeaderParser
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from .errors import PluginSourceError
from .registry import RegistryEntry, Setting

__all__ = ["Source", "named_source", "path_source", "recorded_source"]

FAMILY = "starmodel-"
BARE = frozenset("=<>~![];@,")
ADDRESSES = ("git+", "http:", "https:", "file:", "ssh:", "hg+", "svn+", "bzr+")


@dataclass(frozen=True, slots=True)
class Source:
    """A distribution, and where it is to come from: *path*, else whatever index the installer is set up with.

    *name* is what the person called it.  *specifier* says which versions fit.
    """

    name: str
    distribution: str
    extras: tuple[str, ...] = ()
    specifier: str = ""
    path: Path | None = None
    short: str = ""
    settings: tuple[Setting, ...] = ()

    @property
    def requirement(self) -> str:
        """Return it as pyproject.toml says it, without the place that it comes from."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.distribution}{extras}{self.specifier}"

    @property
    def is_ours(self) -> bool:
        """Tell whether it is a package of StarModel itself, which has the version of the core."""
        return not self.path and self.distribution.startswith(FAMILY)


def named_source(text: str, registry: Mapping[str, RegistryEntry], cwd: Path) -> Source:
    """Return what *text* means: a path when it looks like one, else a short name of *registry*.

    PluginSourceError for everything else: a name that no registry has is never handed to an installer.
    """
    if text.startswith(ADDRESSES) or "://" in text:
        raise PluginSourceError(f"{text!r} is an address; fetch it yourself, look at it, and name its folder or wheel")
    if _is_path(text):
        return path_source(text, cwd)
    entry = registry.get(text)
    if entry is None:
        raise _unknown(text, registry)
    if entry.path is not None:
        found = path_source(str(entry.path), cwd)
        return Source(text, found.distribution, entry.extras, "", found.path, text, entry.settings)
    return Source(text, entry.distribution, entry.extras, entry.version, None, text, entry.settings)


def recorded_source(
    name: str, distribution: str, told: Mapping[str, str], registry: Mapping[str, RegistryEntry], folder: Path
) -> Source:
    """Return where *distribution* came from, as the project in *folder* noted by ``path`` or ``name``.

    PluginSourceError when it noted nothing: what was installed by other means is renewed by those.
    """
    if "path" in told:
        return replace(path_source(told["path"], folder), name=name)
    if told.get("name") in registry:
        return replace(named_source(told["name"], registry, folder), name=name)
    raise PluginSourceError(
        f"{distribution} was not added by `starmodel plugin add`, so nobody knows where it comes from; "
        "renew it as you installed it"
    )


def path_source(text: str, cwd: Path) -> Source:
    """Return the distribution in a folder or wheel; PluginSourceError says why it is none."""
    path = (cwd / Path(text).expanduser()).resolve()
    if path.suffix == ".whl":
        return Source(text, _of_wheel(path, text), path=path)
    if not path.is_dir():
        raise PluginSourceError(f"there is no folder or wheel {text}; name one that is there")
    return Source(text, _of_folder(path, text), path=path)


def _is_path(text: str) -> bool:
    return text.startswith((".", "~")) or "/" in text or "\\" in text or text.endswith(".whl")


def _unknown(text: str, registry: Mapping[str, RegistryEntry]) -> PluginSourceError:
    bare = text[: next((at for at, sign in enumerate(text) if sign in BARE), len(text))].strip()
    if bare != text:
        return PluginSourceError(
            f"{text!r} says more than a name; write the short name alone: the registry says which version fits"
        )
    wanted = canonicalize_name(text)
    same = sorted(name for name, entry in registry.items() if canonicalize_name(entry.distribution) == wanted)
    if same:
        return PluginSourceError(f"{text!r} is the name of a package; its short name is {' or '.join(same)}")
    return PluginSourceError.unknown(text, registry)


def _of_wheel(path: Path, text: str) -> str:
    if not path.is_file():
        raise PluginSourceError(f"there is no wheel {text}; name one that is there")
    try:
        named = parse_wheel_filename(path.name)[0]
        with zipfile.ZipFile(path) as archive:
            [file] = [one for one in archive.namelist() if one.count("/") == 1 and one.endswith(".dist-info/METADATA")]
            told = HeaderParser().parsestr(archive.read(file).decode("utf-8"))["Name"] or ""
    except (InvalidWheelFilename, zipfile.BadZipFile, ValueError, OSError) as error:
        raise PluginSourceError(f"{text} is no wheel: {error}; build it again") from error
    if canonicalize_name(told) != named:
        raise PluginSourceError(f"{text} calls itself {told!r} inside; build it again")
    return told


def _of_folder(path: Path, text: str) -> str:
    file = path / "pyproject.toml"
    try:
        name = tomllib.loads(file.read_text(encoding="utf-8"))["project"]["name"]
    except FileNotFoundError:
        raise PluginSourceError(f"{text} has no pyproject.toml; name the folder of a distribution") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise PluginSourceError(f"{file} cannot be read: {error}; mend it") from error
    except (KeyError, TypeError):
        raise PluginSourceError(f"{file} has no name under [project]; give it one") from None
    if not isinstance(name, str) or not name:
        raise PluginSourceError(f"{file} has no name under [project]; give it one")
    return name
