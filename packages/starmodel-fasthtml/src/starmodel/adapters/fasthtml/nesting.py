"""The fields of a form as the arguments of an event: dotted names become values inside of values.

``address.city`` is a part of ``address``, ``tags.0`` the first of ``tags``, ``items.0.price.amount`` a part of a part.
A form may say more by fields whose names no argument can have:

=================  ===================================================================================================
``tags.``          the list is in this form, also when it has no items
``price.``         parts of a value that is not there yet, as they were drawn: sent back like this they mean ``None``
``due@``           how the text of a field is to be read, as a query string: its time zone (``zone``), the exact value
                   it was drawn from (``was``, ``text``), what a blank means (``blank``), whether it is JSON (``json``),
                   what the id in it is called (``named``), whether it is a file (``file``)
``owner_id~``      what was typed for a reference; the field itself holds the id that was chosen
``title?``         after a conflict: ``theirs`` leaves out what this form says of the field
=================  ===================================================================================================
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starmodel.core.errors import InvalidError, Problem
from starmodel.core.ui import REMOVE

__all__ = ["NOT_GIVEN", "FormValues", "read_names", "written_moment"]

MAX_STEPS = 12
MAX_ITEMS = 1000
_SIGNS = ".@~?"
_MISSING = "is required"

NOT_GIVEN = object()


@dataclass(slots=True)
class FormValues:
    """What a form says, by the names of its fields.

    *flat* is what each says; *sent* is what it said before it was read as its form wants; *marked* are the lists and
    parts that may be nothing; *typed* is the text typed for a reference, with the name shown before for its id;
    *problems* are those that only a form can have.
    """

    sent: Mapping[str, Any]
    flat: dict[str, Any]
    marked: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def nested(self, parts: Collection[str]) -> dict[str, Any]:
        """Return the arguments; *parts* are those that may be named with dots.

        InvalidError for names that go too deep, or count too far.
        """
        return {name: _as_lists(value) for name, value in self._tree(parts).items()}

    def leave_out(self, names: Collection[str]) -> None:
        """Forget what was said for these fields, and what was wrong with it."""
        self.flat, self.marked = _without(names, self.flat), _without(names, self.marked)
        self.problems = [problem for problem in self.problems if problem.loc[0] not in names]

    def without(self, names: Collection[str]) -> FormValues:
        """Return what the form says of all other fields: what is stored for these is to be shown."""
        sent, flat, marked, typed = (_without(names, one) for one in (self.sent, self.flat, self.marked, self.typed))
        return FormValues(sent, flat, marked, typed, self.problems)

    def indexes(self, name: str) -> list[int]:
        """Return the numbers by which the items of the list *name* were sent, without blank ones."""
        node: Any = self._tree([name.partition(".")[0]])
        for step in name.split("."):
            node = node.get(step) if isinstance(node, dict) else None
        if not isinstance(node, dict):
            return []
        return sorted(int(step) for step, item in node.items() if _is_index(step) and not _is_blank_item(item))

    def name_of(self, loc: Sequence[str | int]) -> str:
        """Return the name of the field that was sent for the value at *loc*."""
        name = ""
        for step in loc:
            if isinstance(step, int):
                indexes = self.indexes(name)
                step = indexes[step] if step < len(indexes) else step  # noqa: PLW2901  (as it was sent)
            name = f"{name}.{step}" if name else str(step)
        return name

    def _tree(self, parts: Collection[str]) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        for name, value in self.flat.items():
            top, dot, _ = name.partition(".")
            if dot and top in parts:
                _put(tree, _steps(name), value)
            else:
                tree[name] = value
        for name in sorted(self.marked, key=lambda name: -name.count(".")):  # what is inside of it before it
            if name.partition(".")[0] in parts:
                self._put_marked(tree, name, self.marked[name])
        return tree

    def _put_marked(self, tree: dict[str, Any], name: str, drawn: str) -> None:
        """Say of a list that it is empty, and of parts that they are nothing, if they are as they were drawn for it."""
        start = f"{name}."
        steps = _steps(name)
        if not any(other == name or other.startswith(start) for other in self.flat):
            _put(tree, steps, [])
        elif drawn:
            leaves = {other.removeprefix(start): value for other, value in self.sent.items() if other.startswith(start)}
            if {one: _told(value) for one, value in leaves.items() if value} == dict(parse_qsl(drawn)):
                _put(tree, steps, None)


def read_names(raw: Mapping[str, Any], lists: Collection[str]) -> FormValues:
    """Return what the fields of a form stand for; a name in *raw* that comes several times has a list.

    *lists* are the arguments that hold several values.
    """
    said: dict[str, dict[str, str]] = {sign: {} for sign in _SIGNS}
    plain: dict[str, Any] = {}
    for name, value in raw.items():
        base, sign = name[:-1], name[-1:]
        if sign and sign in _SIGNS and base:
            said[sign][base] = str(value[-1] if isinstance(value, list) else value)
        else:
            plain[name] = value
    several = {*lists, *said["."]}
    sent = {name: _one_or_all(name, value, several) for name, value in plain.items()}
    theirs = [name for name, choice in said["?"].items() if choice == "theirs"]
    flat, marked, typed = (_without(theirs, names) for names in (sent, said["."], said["~"]))
    hints = {name: dict(parse_qsl(text, keep_blank_values=True)) for name, text in said["@"].items()}
    named = {name: (text.strip(), hints.get(name, {}).get("named", "")) for name, text in typed.items()}
    found = FormValues(sent, flat, marked, named)
    for name, hint in hints.items():
        _apply(name, hint, found)
    return found


def _without(left_out: Collection[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return *values* without those of the fields, and the parts of fields, that are *left_out*."""
    starts = tuple(f"{name}." for name in left_out)
    return {name: value for name, value in values.items() if not f"{name}.".startswith(starts)}


def _one_or_all(name: str, value: Any, several: Collection[str]) -> Any:
    """Return one value, or a list for a name that holds several.

    Of several the last one counts: a hidden field before a checkbox says what no tick means.
    """
    if name in several:
        return [value] if isinstance(value, str) and value else value
    return value[-1] if isinstance(value, list) else value


# -- how a text is to be read ------------------------------------------------------------------------------------------


def _apply(name: str, hint: Mapping[str, str], found: FormValues) -> None:
    text = found.flat.get(name)
    if not isinstance(text, str):
        return
    read = _read(name, text, hint, found)
    if read is NOT_GIVEN:
        del found.flat[name]
    else:
        found.flat[name] = read


def _read(name: str, text: str, hint: Mapping[str, str], found: FormValues) -> Any:
    if "file" in hint and text == REMOVE:
        return None
    if not text.strip() and "blank" in hint:
        if hint["blank"] == "refuse":
            found.problems.append(Problem(_loc(name), _MISSING, "missing"))
        return None if hint["blank"] == "none" else NOT_GIVEN
    if "text" in hint and text == hint["text"]:
        return hint.get("was", text)
    if hint.get("zone"):
        return _in_zone(text, hint["zone"])
    if "json" in hint and text.strip():
        return _parsed(name, text, found)
    return text


def _loc(name: str) -> tuple[str | int, ...]:
    return tuple(int(step) if _is_index(step) else step for step in name.split("."))


def _in_zone(text: str, zone: str) -> str:
    """Return a moment with its distance from UTC; a text that is none, or says its own, as it is."""
    try:
        moment = datetime.fromisoformat(text)
        return text if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone[:64])).isoformat()
    except (ZoneInfoNotFoundError, ValueError, OSError, OverflowError):
        return text


def _parsed(name: str, text: str, found: FormValues) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        found.problems.append(Problem(_loc(name), f"is not JSON: {why}", "json", "is not JSON"))
        return NOT_GIVEN


def written_moment(value: datetime | time) -> str:
    """Return a moment or a time as the control of a browser holds it: no finer than a second, without a time zone."""
    return value.replace(tzinfo=None, microsecond=0).isoformat()


# -- values inside of values -------------------------------------------------------------------------------------------


def _steps(name: str) -> list[str]:
    steps = name.split(".")
    if len(steps) > MAX_STEPS:
        raise InvalidError([Problem((steps[0],), f"is nested more than {MAX_STEPS} levels deep", "depth")])
    if any(step.isdigit() and not _is_index(step) for step in steps):
        raise InvalidError([Problem((steps[0],), f"has more than {MAX_ITEMS} entries", "too_long")])
    return steps


def _is_index(step: str) -> bool:
    return step.isascii() and step.isdigit() and len(step) <= 4 and int(step) < MAX_ITEMS


def _put(tree: dict[str, Any], steps: list[str], value: Any) -> None:
    """Set the value at the end of *steps*; InvalidError when one of them is a value already."""
    for step in steps[:-1]:
        tree = tree.setdefault(step, {})
        if not isinstance(tree, dict):
            raise InvalidError([Problem((steps[0],), "is sent both as a whole and in parts", "form")])
    if isinstance(tree.get(steps[-1]), dict) and value is not None:
        raise InvalidError([Problem((steps[0],), "is sent both as a whole and in parts", "form")])
    tree[steps[-1]] = value


def _told(value: Any) -> Any:
    return "true" if value == "on" else value


def _as_lists(value: Any) -> Any:
    """Return *value* with a list for each part whose names are numbers: its items in their order, blank ones left out.

    A user adds one and leaves it blank, or takes one away from the middle: what is sent has gaps.
    """
    if not isinstance(value, dict):
        return value
    parts = {name: _as_lists(part) for name, part in value.items()}
    if not parts or not all(map(_is_index, parts)):
        return parts
    return [parts[name] for name in sorted(parts, key=int) if not _is_blank_item(parts[name])]


def _is_blank_item(item: Any) -> bool:
    if isinstance(item, dict):
        return all(part == "false" or _is_blank_item(part) for part in item.values())
    return item is None or item in ("", [])
