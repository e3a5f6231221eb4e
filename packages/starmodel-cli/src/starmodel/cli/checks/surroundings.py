"""What the application runs on and with: Python, packages, plugins, files, the rights of its process."""

from __future__ import annotations

import ast
import fnmatch
import logging
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from starmodel.core.errors import hint

from .facts import Facts, others_may
from .finding import Found, Rule

__all__ = ["RULES"]

ENDS = {
    (3, 11): date(2027, 10, 31),
    (3, 12): date(2028, 10, 31),
    (3, 13): date(2029, 10, 31),
    (3, 14): date(2030, 10, 31),
}
"""The last day on which a version of Python gets security fixes (PEP 664, 693, 719, 745)."""

PRIVATE = (".env*", "*.db", "*.sqlite", "*.sqlite3", "*.py", "*.pem", "*.key", "id_rsa", "id_ed25519", ".git")
TALKATIVE = {"": logging.DEBUG, "starmodel": logging.DEBUG, "sqlalchemy.engine": logging.INFO}
"""From which level on a logger writes what people typed into the log."""
DISABLE = "STARMODEL_DISABLE_PLUGINS"
STOPS = {"breakpoint", "set_trace"}


def _ended(facts: Facts) -> Iterator[Found]:
    end = ENDS.get(facts.python)
    if end is not None and facts.today > end:
        version = ".".join(map(str, facts.python))
        yield Found(f"Python {version} gets no security fixes since {end:%B %Y}", "take a newer Python")


def _mixed(facts: Facts) -> Iterator[Found]:
    counted = Counter(facts.packages.values())
    if len(counted) > 1:
        usual = counted.most_common(1)[0][0]
        others = ", ".join(f"{name} {number}" for name, number in sorted(facts.packages.items()) if number != usual)
        yield Found(
            f"most StarModel packages are {usual}, and {others}", f'pip install --upgrade "starmodel[all]=={usual}"'
        )


def _undeclared(facts: Facts) -> Iterator[Found]:
    file = facts.folder / "pyproject.toml"
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project")
    except (OSError, ValueError):
        return
    if project is not None and not any(str(one).startswith("starmodel") for one in project.get("dependencies", [])):
        yield Found("pyproject.toml does not name starmodel among its dependencies", "add it", str(file))


def _plugin_failed(facts: Facts) -> Iterator[Found]:
    for plugin in facts.plugins:
        if plugin.status == "failed" or plugin.failures:
            advice = f"update or uninstall {plugin.distribution or plugin.origin}, or name it in {DISABLE}"
            yield Found(f"the plugin {plugin.name} does not work: {plugin.error}", advice)


def _plugin_missing(facts: Facts) -> Iterator[Found]:
    for plugin in facts.plugins:
        if plugin.status == "missing":
            yield Found(f"the plugin {plugin.name} is switched on and not installed", "install it, or switch it off")


def _plugin_shadowed(facts: Facts) -> Iterator[Found]:
    for plugin in facts.plugins:
        if plugin.status == "shadowed":
            yield Found(f"the plugin {plugin.name} is not used: {plugin.error}", "uninstall one of the two")


def _disabled(facts: Facts) -> list[str]:
    return [name.strip() for name in facts.environ.get(DISABLE, "").split(",") if name.strip()]


def _plugin_unknown(facts: Facts) -> Iterator[Found]:
    known = [plugin.name for plugin in facts.plugins]
    for name in _disabled(facts):
        if name != "*" and name not in known:
            yield Found(f"{DISABLE} names {name!r}, and there is no such plugin", hint(name, known))


def _plugins_off(facts: Facts) -> Iterator[Found]:
    if "*" in _disabled(facts) and facts.plugins:
        yield Found(
            "all plugins are left alone, also those that decide who may do what", f"take the * out of {DISABLE}"
        )


def _talkative(facts: Facts) -> Iterator[Found]:
    for name, least in TALKATIVE.items():
        level = facts.log_levels.get(name, logging.NOTSET)
        if logging.NOTSET < level <= least:
            shown = name or "the root logger"
            yield Found(
                f"{shown} writes {logging.getLevelName(level)}: the log may hold what people typed", "set it to WARNING"
            )


def _root(facts: Facts) -> Iterator[Found]:
    if facts.is_root:
        yield Found("this is run by root: whoever breaks in has the machine", "serve it by a user of its own")


def _writable(facts: Facts) -> Iterator[Found]:
    for path in [facts.folder, *facts.sources()]:
        if others_may(path, 0o002):
            yield Found("everybody on this machine can change what is run", f"chmod o-w {path.name}", str(path))


def _served(facts: Facts) -> Iterator[Found]:
    static = facts.folder / "static"
    for path in sorted(static.rglob("*")) if static.is_dir() else ():
        if any(fnmatch.fnmatch(path.name, pattern) for pattern in PRIVATE):
            yield Found("browsers can fetch this", "move it out of static/", str(path))


def _stops(facts: Facts) -> Iterator[Found]:
    for path in facts.sources():
        for line in _stopping_lines(path):
            yield Found("the program would stop here and wait for a debugger", "take it out", f"{path}:{line}")


def _stopping_lines(path: Path) -> list[int]:
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return []
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return sorted(call.lineno for call in calls if _called(call.func) in STOPS)


def _called(func: ast.expr) -> str:
    if isinstance(func, ast.Attribute):
        return func.attr
    return func.id if isinstance(func, ast.Name) else ""


RULES = (
    Rule("python.ended", "warning", _ended),
    Rule("packages.mixed", "error", _mixed),
    Rule("packages.undeclared", "warning", _undeclared),
    Rule("plugin.failed", "error", _plugin_failed),
    Rule("plugin.missing", "error", _plugin_missing),
    Rule("plugin.shadowed", "warning", _plugin_shadowed),
    Rule("plugin.unknown", "warning", _plugin_unknown),
    Rule("plugin.all-off", "warning", _plugins_off, deploy=True),
    Rule("log.talkative", "warning", _talkative, deploy=True),
    Rule("process.root", "warning", _root, deploy=True),
    Rule("files.writable", "error", _writable, deploy=True),
    Rule("files.served", "error", _served),
    Rule("code.breakpoint", "error", _stops, deploy=True),
)
