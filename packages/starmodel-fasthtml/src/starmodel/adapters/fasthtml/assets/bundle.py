"""Load the browser files once and answer for them under names that change with their content."""

from __future__ import annotations

import gzip
import hashlib
import html
import importlib
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, TypeAlias

from starmodel.core.errors import StarModelError, hint

__all__ = ["PLAIN_STYLES", "AssetMissingError", "Assets", "UnknownAssetError"]

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers: TypeAlias = list[tuple[bytes, bytes]]

_HERE: Final = Path(__file__).parent
_TYPES: Final = {".js": b"text/javascript; charset=utf-8", ".css": b"text/css; charset=utf-8"}
_DATASTAR: Final = "datastar.js"
_SOURCES: Final = _HERE / "src"
_FRAMEWORK: Final = ("framework.css", "csp.js")
_ON_DEMAND: Final = ("kept.js",)
"""Modules that only some pages name, beside the one of all pages."""
PLAIN_STYLES: Final[Mapping[str, Path]] = {"starmodel.css": _SOURCES / "starmodel.css"}
"""The look of pages that no kit draws."""
# Each import is one line in our files: `import {...} from "datastar";` or `import "./live.js";`
_IMPORT: Final = re.compile(rb'^(import [^"\n]*")(?:\./)?([\w.-]+)(?=";$)', re.MULTILINE)
# Whoever reads them reads the sources; in no file of ours does a text begin a line like that, or end one unquoted.
_COMMENT: Final = re.compile(rb"^\s*//[^\n]*\n|(?<=[;{},)])[ \t]+// [^\n\"'`]*$", re.MULTILINE)
_SOURCE_MAP: Final = re.compile(rb"\n//# sourceMappingURL=\S+\s*$")
_REFUSED: Final = re.compile(r"\s*([\w*-]+)\s*;\s*q=0(?:\.0*)?\s*")


class AssetMissingError(StarModelError, FileNotFoundError):
    """A browser file is not where it should be."""

    code = "asset_missing"

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"the browser file {str(path)!r} is missing; install starmodel-fasthtml again, its build brings the file "
            f"in, or name another one with Assets(datastar=...)"
        )


class UnknownAssetError(StarModelError, LookupError):
    """There is no browser file of that name."""

    code = "unknown_asset"

    def __init__(self, name: str, known: list[str]) -> None:
        self.name, self.known = name, known
        super().__init__(f"there is no browser file {name!r}; {hint(name, known)}")


@dataclass(frozen=True, slots=True)
class _File:
    """One file in every form in which it is sent: content coding to body; ``b""`` is the plain one."""

    headers: Headers
    bodies: Mapping[bytes, bytes]

    def choose(self, accepted: str) -> bytes:
        """Return the smallest coding that the client takes."""
        tokens = {
            part.strip().partition(";")[0].strip() for part in accepted.split(",") if not _REFUSED.fullmatch(part)
        }
        return min(
            (coding for coding in self.bodies if not coding or coding.decode() in tokens),
            key=lambda coding: len(self.bodies[coding]),
        )


class Assets:
    """Serve ``<prefix>/<name>.<hash>.<ext>`` as an ASGI application, for ever cacheable.

    *datastar* is ``"local"`` for the file in this package, the path of another file, or the address of one
    (which a content security policy then has to allow).  *styles* and *scripts* are a kit's own files by name: they
    follow the framework's, in their order.  All files are read and compressed here, once.
    """

    def __init__(
        self,
        *,
        prefix: str = "/_starmodel",
        datastar: str | Path = "local",
        styles: Mapping[str, Path] = PLAIN_STYLES,
        scripts: Mapping[str, Path] | None = None,
    ) -> None:
        self.prefix = prefix.rstrip("/")
        self._files: dict[str, _File] = {}
        self._urls: dict[str, str] = {}
        self._add_datastar(datastar)
        self._add_module("starmodel.js")
        self._preloads = tuple(url for name, url in self._urls.items() if name != "starmodel.js")
        for name in _ON_DEMAND:
            self._add_module(name)
        own = {name: _SOURCES / name for name in _FRAMEWORK}
        for name, path in {**own, **styles, **(scripts or {})}.items():
            self._add(name, _read(path))
        self._styles = tuple(self._urls[name] for name in (_FRAMEWORK[0], *styles))
        self._scripts = tuple(self._urls[name] for name in (*(scripts or {}), _FRAMEWORK[1]))

    def url(self, name: str) -> str:
        """Return the address of a file, for example of ``"starmodel.js"``."""
        try:
            return self._urls[name]
        except KeyError:
            raise UnknownAssetError(name, sorted(self._urls)) from None

    @property
    def foreign(self) -> tuple[str, ...]:
        """The addresses of files that browsers fetch from other hosts than this one; none by default."""
        return tuple(url for url in self._urls.values() if not url.startswith(f"{self.prefix}/"))

    def head(self, nonce: str) -> str:
        """Return what the head of a page needs, in the order in which the browser must meet it.

        A kit's scripts come before the first style: they may say how the page is painted.  The policy shim is a classic
        script because it has to run before any module, and to learn the nonce from itself.
        """
        n = html.escape(nonce)
        return (
            "".join(f'<script nonce="{n}" src="{url}"></script>' for url in self._scripts)
            + "".join(f'<link rel="stylesheet" href="{url}">' for url in self._styles)
            + "".join(f'<link rel="modulepreload" nonce="{n}" href="{html.escape(url)}">' for url in self._preloads)
            + f'<script type="module" nonce="{n}" src="{self.url("starmodel.js")}"></script>'
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer GET and HEAD."""
        del receive
        if scope["type"] != "http":
            return
        if scope["method"] not in {"GET", "HEAD"}:
            await _answer(send, HTTPStatus.METHOD_NOT_ALLOWED, [(b"allow", b"GET, HEAD")])
            return
        # Mounted or not, behind a root path or not: the end of the path is what counts.
        folder, _, name = scope["path"].rpartition("/")
        file = self._files.get(name) if folder.endswith(self.prefix) else None
        if file is None:
            await _answer(send, HTTPStatus.NOT_FOUND, [])
            return
        coding = file.choose(_header(scope, b"accept-encoding"))
        extra = [(b"content-encoding", coding)] if coding else []
        await _answer(
            send, HTTPStatus.OK, file.headers + extra, file.bodies[coding], with_body=scope["method"] == "GET"
        )

    def _add_datastar(self, source: str | Path) -> None:
        if isinstance(source, str) and source.startswith(("https://", "http://", "//")):
            self._urls[_DATASTAR] = source
            return
        path = _HERE / "vendor" / _DATASTAR if source == "local" else Path(source)
        # The map is not shipped; asking for it would only fill logs with 404.
        self._add(_DATASTAR, _SOURCE_MAP.sub(b"\n", _read(path)))

    def _add_module(self, name: str) -> str:
        """Add a module of ours and, before it, all that it imports; return its address."""
        if name not in self._urls:
            self._add(name, _IMPORT.sub(self._point_to_import, _uncommented(_read(_SOURCES / name))))
        return self._urls[name]

    def _point_to_import(self, found: re.Match[bytes]) -> bytes:
        start, name = found[1], found[2].decode()
        return start + (self._urls[_DATASTAR] if name == "datastar" else self._add_module(name)).encode()

    def _add(self, name: str, content: bytes) -> None:
        stem, _, extension = name.rpartition(".")
        hashed = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{extension}"
        headers = [
            (b"content-type", _TYPES[f".{extension}"]),
            (b"cache-control", b"public, max-age=31536000, immutable"),
            (b"vary", b"accept-encoding"),
        ]
        self._files[hashed] = _File(headers, _codings(content))
        self._urls[name] = f"{self.prefix}/{hashed}"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise AssetMissingError(path) from None


@lru_cache(maxsize=64)
def _uncommented(source: bytes) -> bytes:
    return _COMMENT.sub(b"", source)


@lru_cache(maxsize=64)
def _codings(content: bytes) -> Mapping[bytes, bytes]:
    """Return *content* in each coding: what one application has compressed, another in the process need not."""
    bodies = {b"": content, b"gzip": gzip.compress(content, 9, mtime=0)}
    try:
        brotli = importlib.import_module("brotli")
    except ImportError:
        return bodies
    return bodies | {b"br": brotli.compress(content)}


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1").lower() for key, value in scope["headers"] if key == name), "")


async def _answer(
    send: Send, status: HTTPStatus, headers: Headers, body: bytes = b"", *, with_body: bool = True
) -> None:
    always = [(b"content-length", str(len(body)).encode()), (b"x-content-type-options", b"nosniff")]
    await send({"type": "http.response.start", "status": status.value, "headers": headers + always})
    await send({"type": "http.response.body", "body": body if with_body else b""})
