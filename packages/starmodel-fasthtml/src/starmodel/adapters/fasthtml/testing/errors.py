"""What a test is told when a page is not what it takes it for."""

from __future__ import annotations

from collections.abc import Iterable

from starmodel.core.errors import StarModelError, hint

__all__ = ["ConnectionLostError", "NeverAnsweredError", "NeverCameError", "NothingToDoError", "PartNotFoundError"]


class ConnectionLostError(StarModelError, ConnectionError):
    """A request, or the answer to it, was lost on its way."""

    code = "connection_lost"

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"{what} was lost on its way, as the test planned by its faults")


class PartNotFoundError(StarModelError, LookupError):
    """There is no such part on the page, or more than one."""

    code = "part_not_found"

    def __init__(self, what: str, name: str, known: Iterable[str], found: int = 0) -> None:
        self.what, self.name, self.known, self.found = what, name, sorted({*known}), found
        if found:
            why = f"{found} of the page are called {name!r}; say which by beside='a text near it', or by within='#id'"
        else:
            why = f"the page has no {what} {name!r}; {hint(name, self.known)}"
        super().__init__(why)


class NothingToDoError(StarModelError, ValueError):
    """A click does something that only a script in a browser can do, or nothing."""

    code = "nothing_to_do"

    def __init__(self, name: str, element: str) -> None:
        self.name, self.element = name, element
        super().__init__(
            f"{name!r} can do nothing here, as far as can be told without a browser: {element}; "
            "test what its own script does in a real browser"
        )


class NeverCameError(StarModelError, AssertionError):
    """What a test waited for did not come to be on the page."""

    code = "never_came"

    def __init__(self, what: str, seconds: float, text: str, said: Iterable[str]) -> None:
        self.what, self.seconds, self.text, self.said = what, seconds, text, [*said]
        messages = f"; it was told {'; '.join(map(repr, self.said))}" if self.said else ""
        super().__init__(f"{what} did not come within {seconds:g} s; the page says {text!r}{messages}")


class NeverAnsweredError(StarModelError, AssertionError):
    """A command was asked for again and again, and never answered."""

    code = "never_answered"

    def __init__(self, url: str, attempts: int, seconds: float, last: str) -> None:
        self.url, self.attempts, self.seconds, self.last = url, attempts, seconds, last
        super().__init__(f"{url} was asked {attempts} times within {seconds:g} s, and not answered: {last}")
