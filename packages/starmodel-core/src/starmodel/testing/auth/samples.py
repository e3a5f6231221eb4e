"""What requests bring: the credentials of somebody, and what somebody may send who has none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["HOSTILE_TEXTS", "Credentials"]

HOSTILE_TEXTS: Final = ("", " ", "\0", "a" * 100_000, "☕" * 50, "\udc80", "../../etc/passwd", "' OR 1=1 --", "Bearer")
"""What may stand in a header: to a provider it is text of any kind."""

_UNFIT: Final[tuple[Any, ...]] = (
    *HOSTILE_TEXTS,
    *(None, True, 0, -1, 10**30, float("nan"), float("inf")),
    *([], [[]], {}, {"id": None}),
)
"""What may stand in a session: another version of the program wrote it."""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What the requests of somebody bring: *headers* by their names in lower case, and what is in the *session*.

    *actor* is the id that the provider knows them by.
    """

    actor: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    session: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def altered_headers(self) -> Iterator[Mapping[str, str]]:
        """Yield headers of which one is a little different: a letter, or the length."""
        for name, text in self.headers.items():
            yield from ({**self.headers, name: other} for other in _like(text))

    def unfit(self) -> Iterator[tuple[Mapping[str, str], Mapping[str, Any]]]:
        """Yield headers and sessions in which one value, at any depth, is unfit or missing."""
        for name in self.headers:
            yield from (({**self.headers, name: text}, self.session) for text in HOSTILE_TEXTS)
        yield from ((self.headers, session) for session in _unfit(self.session))


def _like(text: str) -> Iterator[str]:
    for place in {0, len(text) // 2, len(text) - 1} if text else ():
        yield text[:place] + ("b" if text[place] == "a" else "a") + text[place + 1 :]
    yield from (f"{text}a", f"a{text}")
    if text:
        yield from (text[:-1], text[1:])


def _unfit(session: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for name, value in session.items():
        others = _unfit(value) if isinstance(value, Mapping) else ()
        yield from ({**session, name: other} for other in (*_UNFIT, *others))
        yield {key: kept for key, kept in session.items() if key != name}
