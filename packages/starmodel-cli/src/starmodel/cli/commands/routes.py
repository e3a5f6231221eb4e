"""``starmodel routes``: every address of an application, and what answers there."""

from __future__ import annotations

from dataclasses import asdict

from starmodel.cli.addresses import addresses_of
from starmodel.cli.options import App, Json
from starmodel.cli.project import open_project
from starmodel.cli.terminal import say, say_json, table

__all__ = ["routes"]


def routes(*, app: App = None, json: Json = False) -> None:
    """List every address of an application, and what answers there."""
    found = addresses_of(open_project(app).found)
    if json:
        say_json({"routes": [asdict(address) for address in found]})
    elif found:
        ordered = sorted(found, key=lambda address: (address.path, address.methods))
        rows = [[", ".join(one.methods) or "any", one.path, one.kind, one.name] for one in ordered]
        table(["Methods", "Address", "What", "Name"], rows)
    else:
        say("The application has no addresses: it has no web.")
