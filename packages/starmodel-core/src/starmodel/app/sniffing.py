"""What the first bytes of a file say it is: a picture is believed only if it begins like one."""

from __future__ import annotations

import re

__all__ = ["ENOUGH", "image_type", "looks_like_markup"]

ENOUGH = 512
"""So many bytes tell."""

_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
)
_MARKUP = re.compile(rb"^(\xef\xbb\xbf)?\s*<(!doctype|html|head|body|script|svg|\?xml|!--|[a-z]+[\s>])", re.IGNORECASE)


def image_type(head: bytes) -> str:
    """Return the media type of the raster image that begins with *head*, ``""`` when it is none that we know."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and (b"avif" in head[8:32] or b"avis" in head[8:32]):
        return "image/avif"
    return next((media for beginning, media in _BEGINNINGS if head.startswith(beginning)), "")


def looks_like_markup(head: bytes) -> bool:
    """Tell whether a browser might take what begins with *head* for HTML, SVG or XML."""
    return _MARKUP.match(head) is not None
