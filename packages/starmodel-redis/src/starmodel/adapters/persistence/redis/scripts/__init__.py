"""What runs on the server: each script is read once, from the file of its name beside this."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from starmodel.adapters.persistence.redis.server import Script

__all__ = ["script"]


@cache
def script(name: str) -> Script:
    """Return the script in the file *name*.lua."""
    return Script(files(__name__).joinpath(f"{name}.lua").read_text(encoding="utf-8"))
