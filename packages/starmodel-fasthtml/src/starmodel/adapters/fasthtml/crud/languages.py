"""The languages that pages speak: those of the framework, and what an application says itself in them and in others."""

from __future__ import annotations

import gettext
import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError, negotiate_locale
from babel.messages.pofile import PoFileError, read_po

from starmodel.core.errors import DefinitionError

from .words import SOURCE, Words

__all__ = ["Catalogue", "Languages", "read_catalogue"]

_OURS = Path(__file__).parent / "locales"
_WEIGHT = re.compile(r"[0-9]{1,3}(\.[0-9]{0,3})?")


@dataclass(slots=True)
class Catalogue:
    """What phrases are called in one language: a text by its phrase, several by the pair of one and more.

    *form* returns which of several texts a number takes.  *labels* are those texts that the application has given.
    """

    texts: dict[Any, Any] = field(default_factory=dict)
    labels: dict[Any, Any] = field(default_factory=dict)
    form: Callable[[int], int] = field(default=lambda count: int(count != 1))


class Languages:
    """Finds the language for a reader, and the words in it."""

    def __init__(self) -> None:
        self._catalogues: dict[str, Catalogue] = {SOURCE: Catalogue()}
        self._take(_ours(), are_ours=True)

    def add(self, folder: Path) -> None:
        """Take the catalogues in *folder*, ``de.po`` and the like: what they say goes before what was known.

        DefinitionError when there are none, or when one cannot be read.
        """
        self._take(_catalogues_in(folder), are_ours=False)

    def _take(self, catalogues: Mapping[str, Catalogue], *, are_ours: bool) -> None:
        for code, read in catalogues.items():
            known = self._catalogues.setdefault(code, Catalogue())
            known.texts.update(read.texts)
            if not are_ours:
                known.labels.update(read.texts)
            if any(isinstance(phrase, tuple) for phrase in read.texts):
                known.form = read.form
        self.words = lru_cache(maxsize=256)(self._words)
        self.chosen = lru_cache(maxsize=1024)(self._chosen)

    @property
    def names(self) -> Mapping[str, str]:
        """What each language calls itself, by its code."""
        named = {code: Locale.parse(code, sep="-").get_display_name(code) or code for code in self._catalogues}
        return {
            code: name[:1].upper() + name[1:] for code, name in sorted(named.items(), key=lambda one: one[1].lower())
        }

    def _words(self, language: str, zone: str) -> Words:
        """Return the words of a language and a time zone: of English and UTC for what is not known."""
        code = language if language in self._catalogues else SOURCE
        known = self._catalogues[code]
        return Words(code, zone, known.texts, known.form, known.labels)

    def _chosen(self, wanted: str) -> str:
        """Return the language for an ``Accept-Language`` header: the first of ours in it, else English."""
        asked = []
        for number, part in enumerate(wanted.split(",")[:20]):
            tag, _, quality = part.partition(";")
            weight = quality.strip().removeprefix("q=") or "1"
            asked.append((-float(weight) if _WEIGHT.fullmatch(weight) else 0.0, number, tag.strip()))
        codes = {code.lower(): code for code in self._catalogues}
        found = negotiate_locale([tag for _, _, tag in sorted(asked)], list(codes.values()), sep="-") or SOURCE
        return codes.get(found.lower(), SOURCE)


@cache
def _ours() -> Mapping[str, Catalogue]:
    """Return the framework's own, which are read once however many applications a process makes."""
    return _catalogues_in(_OURS)


def _catalogues_in(folder: Path) -> Mapping[str, Catalogue]:
    files = sorted(folder.glob("*.po"))
    if not files:
        raise DefinitionError(f"there is no catalogue in {folder}; write one such as {folder / 'de.po'}")
    return {_name_of(path): read_catalogue(path) for path in files}


def _name_of(path: Path) -> str:
    code = path.stem.replace("_", "-")
    try:
        Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        raise DefinitionError(f"{path} is named after no language; write its code: de.po, or pt-BR.po") from None
    return code


def read_catalogue(path: Path) -> Catalogue:
    """Return what the file at *path* says; DefinitionError when it cannot be read, or could not be filled in."""
    try:
        with path.open("rb") as file:
            told = read_po(file, locale=path.stem.replace("-", "_"), abort_invalid=True)
        form = gettext.c2py(told.plural_expr)
    except (PoFileError, UnicodeError, ValueError, UnknownLocaleError) as error:
        raise DefinitionError(f"{path} is no catalogue that can be read: {error}") from None
    texts = {
        message.id: message.string for message in told if message.id and not message.fuzzy and _is_told(message.string)
    }
    for phrase, text in texts.items():
        _check(path, phrase, text)
    return Catalogue(texts, form=form)


def _is_told(text: Any) -> bool:
    return all(text) if isinstance(text, tuple) else bool(text)


def _check(path: Path, phrase: Any, text: Any) -> None:
    """Raise DefinitionError for a text that could not be filled in: it names a value that its phrase has not."""
    known = set(_named(phrase[1] if isinstance(phrase, tuple) else phrase))
    for one in text if isinstance(text, tuple) else (text,):
        strange = set(_named(one)) - known
        if strange:
            raise DefinitionError(f"{path}: {one!r} names {{{min(strange)}}}, which {phrase!r} does not")


def _named(text: str) -> list[str]:
    try:
        return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:  # a lone brace: such a phrase is never filled in
        return []
