"""The words, numbers and dates of pages in the language of whoever reads them."""

from __future__ import annotations

import functools
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError, negotiate_locale
from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

__all__ = ["LANGUAGES", "Words", "chosen_language"]

_CATALOGUES = Path(__file__).parent / "locales"
_SOURCE = "en"

LANGUAGES: tuple[str, ...] = (_SOURCE, *sorted(path.stem for path in _CATALOGUES.glob("*.po")))
"""The languages that pages speak."""


@functools.lru_cache(maxsize=256)
def chosen_language(wanted: str) -> str:
    """Return the language for an ``Accept-Language`` header: the first of ours in it, else English."""
    asked = []
    for number, part in enumerate(wanted.split(",")[:20]):
        tag, _, quality = part.partition(";")
        weight = quality.strip().removeprefix("q=") or "1"
        asked.append((-float(weight) if weight.replace(".", "", 1).isdigit() else 0.0, number, tag.strip()))
    return negotiate_locale([tag for _, _, tag in sorted(asked)], LANGUAGES, sep="-") or _SOURCE


class Words:
    """Called with an English phrase it returns the reader's; ``{name}`` in it stands for a value given by name.

    *language* is one of :data:`LANGUAGES`, *zone* the name of a time zone; what is neither known is English and UTC.
    """

    def __init__(self, language: str = _SOURCE, zone: str = "UTC") -> None:
        self.language = language if language in LANGUAGES else _SOURCE
        self._locale = _locale(self.language)
        self._zone, self.zone = _zone(zone)
        self._catalogue = _catalogue(self.language)

    @staticmethod
    @functools.lru_cache(maxsize=256)
    def of(language: str, zone: str) -> Words:
        """Return the words of a language and a zone, made once."""
        return Words(language, zone)

    @property
    def direction(self) -> str:
        """``ltr`` or ``rtl``."""
        return str(self._locale.text_direction)

    def __call__(self, phrase: str, /, **values: Any) -> str:
        """Return *phrase* in this language."""
        found = self._catalogue.get(phrase) or phrase
        return found.format(**values) if values else found

    def many(self, count: int, one: str, more: str, /) -> str:
        """Return *one* or *more* with ``{count}`` in it, as this language counts."""
        forms = self._catalogue.get((one, more))
        number = self._locale.plural_form(count)
        index = list(self._locale.plural_form.tags | {"other"}).index(number) if forms else 0
        phrase = forms[min(index, len(forms) - 1)] if forms else (one if count == 1 else more)
        return str(phrase).format(count=self.number(count))

    @functools.lru_cache(maxsize=4096)  # noqa: B019  (there are as many of these as languages and zones in use)
    def number(self, value: float | Decimal) -> str:
        """Return a number with its groups and its decimal point."""
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
                local = value.astimezone(self._zone) if value.tzinfo else value
                return str(format_datetime(local, "medium", tzinfo=local.tzinfo, locale=self._locale))
            case date():
                return str(format_date(value, "medium", locale=self._locale))
            case time():
                return str(format_time(value, "short" if not value.second else "medium", locale=self._locale))
            case _:
                return str(format_timedelta(value, threshold=1.2, locale=self._locale))

    def local(self, value: datetime) -> datetime:
        """Return a moment that has a time zone in the reader's."""
        return value.astimezone(self._zone)

    def aware(self, value: datetime) -> datetime:
        """Return a moment as the reader's clock shows it with the reader's time zone."""
        return value.replace(tzinfo=self._zone)

    def ago(self, value: datetime) -> str:
        """Return how long ago *value* was, seen from now."""
        span = value - datetime.now(UTC)
        return str(format_timedelta(span, add_direction=True, threshold=1.2, locale=self._locale))


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(_SOURCE)


def _zone(name: str) -> tuple[Any, str]:
    try:
        return (UTC, "UTC") if name == "UTC" else (ZoneInfo(name), name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # from a browser: any text at all
        return UTC, "UTC"


@functools.cache
def _catalogue(language: str) -> dict[Any, Any]:
    path = _CATALOGUES / f"{language}.po"
    if language == _SOURCE or not path.exists():
        return {}
    with path.open("rb") as file:
        return {message.id: message.string for message in read_po(file) if message.id and message.string}
