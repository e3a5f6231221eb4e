"""What ``@event(...)`` may say beside the function, checked where it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from .errors import DefinitionError
from .rates import rate_of

__all__ = ["PROTECTIONS", "READ", "EventOptions", "HttpMethod", "MergeMode", "checked_name"]

HttpMethod: TypeAlias = Literal["get", "post", "put", "patch", "delete"]
MergeMode: TypeAlias = Literal["outer", "inner", "replace", "prepend", "append", "before", "after", "remove"]

PROTECTIONS = ("policy", "auth")
"""The options that a policy of the application has to enforce: an event that has one is refused where none does."""

READ = "read"
"""What a policy is asked about who may see an entity: no event may be called so, or seeing would be changing."""

_METHODS = ("get", "post", "put", "patch", "delete")
_MERGE_MODES = ("outer", "inner", "replace", "prepend", "append", "before", "after", "remove")
_TEXTS = ("path", "name", "selector", "confirm", "primary", "rate")
_FLAGS = ("include_in_schema", "blocking")
_is_segment = re.compile(r"[\w.~-]+").fullmatch


@dataclass(frozen=True, kw_only=True, slots=True)
class EventOptions:
    """What ``@event(...)`` may say beside the function.

    ``method``: the HTTP method; a ``get`` event can only read.  ``path``: the last part of its URL instead of
    its name.  ``name``: its public name instead of the function's.  ``selector`` and ``merge_mode``: where a
    yielded or returned piece of page goes (default: the element with its id).  ``include_in_schema``: listed in
    OpenAPI.  ``blocking``: run in a worker thread, for bodies that wait or compute for more than a few
    milliseconds.  ``confirm``: a question to ask before.  ``primary``: the name of the store that commits first, when
    the event changes entities of several (default: the store of its own class).  ``policy``: who may, of
    :mod:`starmodel.core.who`.  Anything else given as ``policy``, and ``auth``, are for a policy of the application
    that enforces them: without one it refuses to start.  ``rate``: how often one sender may do it, as ``"5/minute"``.

    DefinitionError for a value that is none of these.
    """

    method: HttpMethod = "post"
    path: str | None = None
    name: str | None = None
    selector: str | None = None
    merge_mode: MergeMode = "outer"
    include_in_schema: bool = True
    blocking: bool = False
    confirm: str | None = None
    primary: str | None = None
    policy: object = None
    auth: object = None
    rate: str | None = None

    def __post_init__(self) -> None:
        if self.method not in _METHODS:
            raise DefinitionError(f"method={self.method!r} is not one of {', '.join(_METHODS)}")
        if self.merge_mode not in _MERGE_MODES:
            raise DefinitionError(f"merge_mode={self.merge_mode!r} is not one of {', '.join(_MERGE_MODES)}")
        for option in _TEXTS:
            given = getattr(self, option)
            if given is not None and (not isinstance(given, str) or not given.strip()):
                raise DefinitionError(f"{option}={given!r} says nothing; give a text, or leave {option} away")
        for option in _FLAGS:
            if not isinstance(getattr(self, option), bool):
                raise DefinitionError(f"{option}={getattr(self, option)!r} is neither True nor False")
        if self.rate is not None:
            rate_of(self.rate)
        if self.path is not None and not _ends_an_address(self.path):
            raise DefinitionError(
                f"path={self.path!r} cannot end an address; give a name of letters, digits, _ and -, such as 'archive'"
            )
        if self.name is not None:
            checked_name(self.name, f"name={self.name!r}")


def checked_name(name: str, source: str) -> str:
    """Return *name* if an event may be called so in commands and addresses; DefinitionError, about *source*, if not."""
    if not name.isidentifier():
        raise DefinitionError(f"{source}: an event has a name of letters, digits and _; path= says another address")
    if name == READ:
        raise DefinitionError(
            f"{source}: an event cannot be called {READ!r}, which is what policies are asked about who may see an "
            "entity; call it otherwise, such as 'mark_read'"
        )
    return name


def _ends_an_address(path: str) -> bool:
    """Tell whether *path* is one segment or a few, none of which a browser would take for a step up or to the side."""
    return all(_is_segment(part) and part.strip(".") for part in path.removeprefix("/").removesuffix("/").split("/"))
