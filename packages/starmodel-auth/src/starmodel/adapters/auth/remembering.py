"""A cookie by which a browser is known to be one that a user has signed in from before."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from starmodel.app.signing import Signer

__all__ = ["Remembering"]

_PURPOSE = "signed in from here"
_AGE = 365 * 24 * 60 * 60
_COOKIE = "starmodel-known"


class Remembering:
    """Gives the cookie and reads it: it is signed, names no user, and is worth nothing but attempts of its own."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def of(self, request: Request, key: str) -> str:
        """Return what names the browser, ``""`` when the user of *key* never signed in from it."""
        named = self._signer.check(_PURPOSE, request.cookies.get(_COOKIE, "")) or ""
        whose = named.partition("~")[2]
        return named if whose and secrets.compare_digest(whose, self._of(key)) else ""

    def give(self, request: Request, response: Response, key: str) -> None:
        """Let the browser be known from now on, to the page of signing in alone."""
        value = self._signer.sign(_PURPOSE, f"{secrets.token_hex(12)}~{self._of(key)}")
        is_safe = request.scope["scheme"] == "https"
        response.set_cookie(
            _COOKIE, value, max_age=_AGE, path=request.url.path, secure=is_safe, httponly=True, samesite="strict"
        )

    def _of(self, key: str) -> str:
        return self._signer.digest(_PURPOSE, key)[:12].hex()
