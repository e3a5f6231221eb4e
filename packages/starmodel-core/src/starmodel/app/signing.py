"""Signatures over what goes through the browser and comes back: sessions and page tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac

__all__ = ["Signer", "short_hash"]


class Signer:
    """Signs and checks texts with keys derived from one secret, a different key for each purpose."""

    def __init__(self, secret: str | bytes) -> None:
        self._secret = secret.encode() if isinstance(secret, str) else secret
        self._keys: dict[str, bytes] = {}

    def digest(self, purpose: str, text: str) -> bytes:
        """Return 32 bytes that only the holder of the secret can make of *text*."""
        key = self._keys.get(purpose)
        if key is None:
            key = self._keys[purpose] = hmac.digest(self._secret, purpose.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256")

    def sign(self, purpose: str, text: str) -> str:
        """Return *text* with its signature after a dot; *text* must be ASCII without a dot."""
        return f"{text}.{self._tag(purpose, text)}"

    def check(self, purpose: str, signed: str) -> str | None:
        """Return the text of a signed one, or ``None`` when the signature is not ours."""
        text, _, tag = signed.rpartition(".")
        if not text or not signed.isascii() or not hmac.compare_digest(tag, self._tag(purpose, text)):
            return None
        return text

    def _tag(self, purpose: str, text: str) -> str:
        return base64.urlsafe_b64encode(self.digest(purpose, text)).decode().rstrip("=")


def short_hash(text: str) -> str:
    """Return 16 hex digits that stand for *text*."""
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
