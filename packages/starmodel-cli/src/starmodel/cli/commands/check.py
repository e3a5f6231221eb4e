"""``starmodel check``: look a project over, and say what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from starmodel.cli.checks import SEVERITIES, Finding, facts_about, findings
from starmodel.cli.options import App, Json
from starmodel.cli.terminal import say, say_json, working

__all__ = ["check"]

SIGNS = {"error": "✘", "warning": "⚠", "info": "·"}


def check(
    *,
    deploy: Annotated[
        bool, typer.Option("--deploy", help="Also look for what is wrong where others are served.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Fail for warnings too.")] = False,
    app: App = None,
    json: Json = False,
) -> None:
    """Look a project over, and say what to do."""
    with working("Looking the project over"):
        found = findings(facts_about(app, deploy=deploy), deploy=deploy)
    failing = {"error", "warning"} if strict else {"error"}
    is_well = not any(one.severity in failing for one in found)
    if json:
        say_json({"findings": [asdict(one) for one in found], "ok": is_well})
    else:
        _tell(found)
    if not is_well:
        raise typer.Exit(1)


def _tell(found: Sequence[Finding]) -> None:
    for one in found:
        say(f"{SIGNS[one.severity]} {one.id}: {one.message}")
        if one.where:
            say(f"    {one.where}")
        say(f"    → {one.advice}")
    counted = Counter(one.severity for one in found)
    parts = [f"{counted[name]} {name}{'s' if counted[name] > 1 else ''}" for name in SEVERITIES[:2] if counted[name]]
    say(", ".join(parts) if parts else "✔ Nothing is wrong.")
