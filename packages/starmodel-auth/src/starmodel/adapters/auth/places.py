"""Where signing in happens, and which addresses it may lead back to."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

__all__ = ["CHANGE_PASSWORD", "SIGN_IN", "SIGN_OUT", "own_path", "sign_in_address"]

SIGN_IN, SIGN_OUT, CHANGE_PASSWORD = "/login", "/logout", "/password"

_LONGEST = 2000


def own_path(wanted: str) -> str:
    r"""Return *wanted* if it is an address of this application and not one of signing in, else ``/``.

    Browsers take ``//host``, ``/\\host`` and a path after a tab for another site: none of these is one of ours.
    """
    is_path = wanted.startswith("/") and wanted[1:2] not in ("/", "\\") and "\\" not in wanted
    if not is_path or len(wanted) > _LONGEST or not wanted.isascii() or not wanted.isprintable() or " " in wanted:
        return "/"
    parts = urlsplit(wanted)
    if parts.scheme or parts.netloc or parts.path in (SIGN_IN, SIGN_OUT):
        return "/"
    return wanted


def sign_in_address(after: str) -> str:
    """Return the address of the page that signs in and leads on to *after*."""
    after = own_path(after)
    return SIGN_IN if after == "/" else f"{SIGN_IN}?next={quote(after, safe='/')}"
