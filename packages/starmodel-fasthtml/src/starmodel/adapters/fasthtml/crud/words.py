"""The words, numbers and dates of pages in the language of whoever reads them."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import format_decimal
from babel.units import format_unit

if TYPE_CHECKING:
    from starmodel.app import Refusal
    from starmodel.core.errors import Problem

__all__ = ["SOURCE", "Words", "later"]

SOURCE = "en"
"""The language of the phrases themselves."""

_TO_THE_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff"
_TURNED = {"ltr": re.compile(f"[{_TO_THE_LEFT}]"), "rtl": re.compile(rf"[^\W\d_{_TO_THE_LEFT}]")}
"""By the direction of a language: a letter that is written in the other one."""

_MOST_DIGITS = 24
"""A number counts by them whether it is great or small; babel itself fails at 29."""

_NOUNS_IN_CAPITALS = frozenset({"de", "lb"})


def later(phrase: str) -> str:
    """Return *phrase*, one of the pages' own that is put into words where it is shown: it marks it for catalogues."""
    return phrase


def _one_or_more(count: int) -> int:
    return int(count != 1)


class Words:
    """Called with an English phrase it returns the reader's; ``{name}`` in it stands for a value given by name.

    *language* is a code such as ``de``, *zone* the name of a time zone, UTC where that is not known; *texts* has the
    phrases, and *form* says which of several a number takes: see :class:`.languages.Catalogue`.  *labels* has those of
    the application alone.
    """

    def __init__(
        self,
        language: str = SOURCE,
        zone: str = "UTC",
        texts: Mapping[Any, Any] | None = None,
        form: Callable[[int], int] = _one_or_more,
        labels: Mapping[Any, Any] | None = None,
    ) -> None:
        self.language, self._texts, self._form, self._labels = language, texts or {}, form, labels or {}
        self._locale = Locale.parse(language, sep="-")
        self._zone, self.zone = _zone(zone)
        self.direction = str(self._locale.text_direction)
        """``ltr`` or ``rtl``."""

    def __call__(self, phrase: str, /, **values: Any) -> str:
        """Return *phrase* in this language."""
        found: str = self._texts.get(phrase) or phrase
        return found.format(**{name: self.isolated(value) for name, value in values.items()}) if values else found

    def problem(self, problem: Problem) -> str:
        """Return what is wrong in this language: in English, and where no catalogue has it, in its own words."""
        text = self._texts.get(problem.phrase or problem.message)
        if text is None:
            return problem.message
        return str(text).format(**{name: self._wanted(value) for name, value in problem.values.items()})

    def _wanted(self, value: Any) -> Any:
        if isinstance(value, int | float | Decimal):
            return self.number(value)
        return self.moment(value) if isinstance(value, date | time | timedelta) else self.isolated(value)

    def refusal(self, refusal: Refusal) -> Refusal:
        """Return a refusal whose problems are told in this language, and its detail as far as it is made of them."""
        if refusal.wait is not None:
            again = self(later("That was too often. Try again in {count} seconds."), count=refusal.wait)
            return replace(refusal, title=self(refusal.title), detail=again)
        if not refusal.errors:
            return replace(refusal, title=self(refusal.title), detail=self(refusal.detail))
        problems = tuple(replace(one, message=self.problem(one)) for one in refusal.errors)
        is_theirs = refusal.detail == "; ".join(map(str, refusal.errors))
        detail = "; ".join(map(str, problems)) if is_theirs else self(refusal.detail)
        return replace(refusal, title=self(refusal.title), detail=detail, errors=problems)

    def turns(self, text: str) -> bool:
        """Tell whether there are letters in *text* that are read in the other direction than this language."""
        if self.direction == "ltr" and text.isascii():
            return False
        return _TURNED[self.direction].search(text) is not None

    def isolated(self, value: Any) -> Any:
        """Return a text as it stands among others: of the other direction within marks that keep its order its own.

        https://www.w3.org/International/questions/qa-bidi-unicode-controls
        """
        return f"\u2068{value}\u2069" if isinstance(value, str) and self.turns(value) else value

    def label(self, name: str) -> str:
        """Return what the application calls something of its own: an "Open" of its is not ours, so only it knows."""
        return self._labels.get(name) or name

    def many(self, count: int, one: str, more: str, /, **values: Any) -> str:
        """Return *one* or *more* with ``{count}`` in it, as this language counts."""
        forms = self._texts.get((one, more)) or (one, more)
        form = self._form(count) if (one, more) in self._texts else _one_or_more(count)
        return str(forms[min(form, len(forms) - 1)]).format(count=self.number(count), **values)

    def within(self, noun: str) -> str:
        """Return what a thing is called as it stands within a sentence: small, except where nouns are not."""
        return noun if self.language.partition("-")[0] in _NOUNS_IN_CAPITALS else noun.lower()

    def number(self, value: float | Decimal) -> str:
        """Return a number with its groups and its decimal point; one of more digits than are read as it is."""
        return self._number(value, str(value))

    @functools.lru_cache(maxsize=4096)  # noqa: B019  (there are as many of these as languages and zones in use)
    def _number(self, value: float | Decimal, text: str) -> str:
        """Return a number; 9.9 and 9.90 are equal, and are told apart by their *text*."""
        exact = Decimal(text)
        if exact.is_finite() and max(abs(exact.adjusted()), len(exact.as_tuple().digits)) > _MOST_DIGITS:
            return text
        if isinstance(value, float) and not value.is_integer():
            return str(format_decimal(Decimal(repr(value)), format="#,##0.##########", locale=self._locale))
        if isinstance(value, Decimal) and value.is_finite():
            places = max(0, -int(value.as_tuple().exponent))
            pattern = "#,##0." + "0" * places if places else "#,##0"
            return str(format_decimal(value, format=pattern, locale=self._locale, decimal_quantization=False))
        return str(format_decimal(value, locale=self._locale))

    @functools.lru_cache(maxsize=4096)  # noqa: B019  (as above)
    def moment(self, value: datetime | date | time | timedelta) -> str:
        """Return a date, a time, both, or a span of time; what has a time zone in the reader's."""
        match value:
            case datetime():
                local = self.local(value)
                return str(format_datetime(local, "medium", tzinfo=local.tzinfo, locale=self._locale))
            case date():
                return str(format_date(value, "medium", locale=self._locale))
            case time():
                return str(format_time(value, "short" if not value.second else "medium", locale=self._locale))
            case _:
                return self._span(value)

    def _span(self, value: timedelta) -> str:
        """Return a span of time by its days, hours, minutes and seconds, whole: none of it is rounded away."""
        if value < timedelta(0):
            return f"−{self._span(-value)}"  # noqa: RUF001  (the sign of a number, and no hyphen)
        minutes, rest = divmod(value, timedelta(minutes=1))
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        seconds = Decimal(rest // timedelta(microseconds=1)).scaleb(-6) if rest.microseconds else rest.seconds
        parts: dict[str, int | Decimal] = {"day": days, "hour": hours, "minute": minutes, "second": seconds}
        shown = {unit: count for unit, count in parts.items() if count} or {"second": 0}
        return " ".join(
            format_unit(count, f"duration-{unit}", format="#,##0.######", locale=self._locale)
            for unit, count in shown.items()
        )

    def local(self, value: datetime) -> datetime:
        """Return a moment that has a time zone in the reader's: any, but on the first and the last day there is."""
        try:
            return value.astimezone(self._zone) if value.tzinfo else value
        except OverflowError:
            return value

    def aware(self, value: datetime) -> datetime:
        """Return a moment as the reader's clock shows it with the reader's time zone."""
        return value.replace(tzinfo=self._zone)

    def ago(self, value: datetime) -> str:
        """Return how long ago *value* was, seen from now."""
        span = value - datetime.now(UTC)
        return str(format_timedelta(span, add_direction=True, threshold=1.2, locale=self._locale))


def _zone(name: str) -> tuple[Any, str]:
    try:
        return (UTC, "UTC") if name == "UTC" else (ZoneInfo(name), name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # from a browser: any text at all
        return UTC, "UTC"
