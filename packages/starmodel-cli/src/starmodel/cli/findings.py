"""How everything is, told to people or to programs: what each command called ``doctor`` ends in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import typer

from starmodel.cli.terminal import say, say_json
from starmodel.core.contributions import Finding

__all__ = ["tell"]

SIGNS = {"ok": "✔", "warning": "⚠", "failed": "✘"}


def tell(found: Sequence[Finding], *, json: bool) -> None:
    """Write what was looked at, the good as well; with something that failed, leave with exit code 1."""
    is_well = not any(one.status == "failed" for one in found)
    if json:
        say_json({"checks": [asdict(one) for one in found], "ok": is_well})
    else:
        for one in found:
            say(f"{SIGNS[one.status]} {one.what}: {one.detail}")
    if not is_well:
        raise typer.Exit(1)
