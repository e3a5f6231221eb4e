"""Core and plugins: the host without a web, as another framework would use it."""

from __future__ import annotations

from importlib.util import find_spec
from types import SimpleNamespace

from starmodel.core.hooks import hookimpl
from starmodel.plugins import PluginHost


@hookimpl
def starmodel_health_checks() -> dict[str, object]:
    return {"always": lambda: True}


host = PluginHost()
host.add(SimpleNamespace(starmodel_health_checks=starmodel_health_checks), name="health")
assert [answer.plugin for answer in host.each("starmodel_health_checks")] == ["health"]
assert find_spec("starlette") is None
