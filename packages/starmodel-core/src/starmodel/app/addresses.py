"""Queries as they stand in an address: one grammar for pages, REST and CLI.

::

    q=milk bread                    words to search for
    sort=-created,title             the order, "-" for descending
    limit=50&after=WyJ…             how many, and after which cursor
    done=true                       equal
    price.ge=10&price.lt=20         a field and an operator of :data:`starmodel.core.query.OPERATORS`
    owner_id.name.contains=Ada      through a reference
    status=open&status=late         any of these, as does status.in=open,late
    where={"or": [{"done": true}, {"due.isnull": …}]}   the whole grammar of the core, as JSON

Everything that is given must hold.  Only public fields are known.  A blank value where text does not fit is no test, as
in a form that was not filled in.  A field that is called like one of the words above is asked for by ``limit.eq=5``.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from starmodel.core.entity import Entity
from starmodel.core.errors import InvalidError, Problem, QueryError, hint
from starmodel.core.query import OPERATORS, Query

from .comparands import Tested, from_json
from .short_forms import WORDS, short_forms, tested, where_of

if TYPE_CHECKING:
    from starmodel.core.ports import Codec

__all__ = ["MAX_PAGE", "pairs_of", "query_from"]

MAX_PAGE = 200
"""How many rows a door gives at once at the most."""


def query_from(
    kind: type[Entity],
    pairs: Iterable[tuple[str, str]],
    codec: Codec,
    *,
    limit: int = 20,
    reserved: Collection[str] = (),
) -> Query:
    """Return the query that the decoded *pairs* of a query string ask of *kind*, checked.

    *limit* is how many without a word about it; *reserved* names are the door's own and passed over.  QueryError or
    InvalidError names the parameter that does not fit.  References are followed by public fields: a door answers
    through :func:`~starmodel.app.reading.permitted`, which shows nobody what another's entity has decided.
    """
    words: dict[str, str] = {}
    given: dict[str, list[str]] = {}
    for name, text in pairs:
        _refuse_impossible(name, text)
        if name in reserved:
            continue
        if name not in WORDS:
            given.setdefault(name, []).append(text)
        elif name not in words:
            words[name] = text
        else:
            raise QueryError(f'{name!r} may be given once; where={{"and": [...]}} joins conditions')
    return Query(
        where=_joined(where_of(kind, given, codec, reserved), _long_form(kind, words.get("where", ""), codec)),
        order=tuple(filter(None, map(str.strip, words.get("sort", "").split(",")))),
        limit=_limit(words.get("limit", ""), limit),
        after=words.get("after") or None,
        search=words.get("q", ""),
    ).checked(kind, public_only=True, follow=True)


def pairs_of(
    kind: type[Entity], query: Query, codec: Codec, *, limit: int = 20, reserved: Collection[str] = ()
) -> list[tuple[str, str]]:
    """Return *query* as the pairs that :func:`query_from`, with the same *limit* and *reserved*, reads back.

    QueryError when it asks for what no address may ask for.
    """
    query = query.checked(kind, public_only=True, follow=True)
    pairs = [("q", query.search)] if query.search else []
    rest: dict[str, Any] = {}
    for path, test in query.where.items():
        short = list(short_forms(kind, path, test, codec, reserved))
        if short:
            pairs += short
        else:
            rest[path] = test
    if rest:
        pairs.append(("where", json.dumps(codec.plain(rest), ensure_ascii=False, separators=(",", ":"))))
    if query.order:
        pairs.append(("sort", ",".join(query.order)))
    if query.limit != limit:
        pairs.append(("limit", str(query.limit)))
    return [*pairs, ("after", query.after)] if query.after else pairs


def _refuse_impossible(name: str, text: str) -> None:
    try:
        f"{name}{text}".encode()
    except UnicodeEncodeError:
        raise InvalidError([Problem((), "a text holds half a character (a lone surrogate)", "unicode")]) from None


def _limit(text: str, usual: int) -> int:
    text = text.strip()
    if not text:
        return usual
    if not text.isascii() or not text.isdigit() or len(text) > len(str(MAX_PAGE)) or not 1 <= int(text) <= MAX_PAGE:
        raise QueryError(f"limit={text[:40]!r} must be a whole number from 1 to {MAX_PAGE}")
    return int(text)


def _joined(short: dict[str, Any], long: dict[str, Any]) -> dict[str, Any]:
    if short.keys().isdisjoint(long):
        return {**short, **long}
    return {"and": [short, long]}


def _long_form(kind: type[Entity], text: str, codec: Codec) -> dict[str, Any]:
    """Return the condition in ``where=``, its values read by the codec."""
    if not text.strip():
        return {}
    try:
        return _read_condition(kind, _parsed(text), codec)
    except RecursionError:
        raise QueryError("where is nested too deeply") from None


def _parsed(text: str) -> Any:
    try:
        parsed = json.loads(text, parse_constant=_refuse_constant)
    except QueryError:
        raise
    except ValueError as error:  # no JSON, or a number too long to be read
        raise QueryError(f'where is not JSON: {error}; write it as {{"done": true}}') from None
    _refuse_impossible("", json.dumps(parsed, ensure_ascii=False))
    return parsed


def _refuse_constant(name: str) -> NoReturn:
    raise QueryError(f"where is not JSON: it has no {name}")


def _read_condition(kind: type[Entity], where: Any, codec: Codec) -> dict[str, Any]:
    if not isinstance(where, Mapping):
        raise QueryError(f'where must be an object such as {{"done": true}}, not {json.dumps(where)[:80]}')
    return {key: _read_part(kind, key, part, codec) for key, part in where.items()}


def _read_part(kind: type[Entity], key: str, part: Any, codec: Codec) -> Any:
    if key in ("and", "or"):
        if not isinstance(part, list):
            raise QueryError(f"{key!r} takes a list of conditions, not {json.dumps(part)[:80]}")
        return [_read_condition(kind, inner, codec) for inner in part]
    if key == "not":
        return _read_condition(kind, part, codec)
    if not isinstance(part, Mapping):
        return from_json(_at_path(kind, key, "eq"), part, codec)
    return {operator: from_json(_at_path(kind, key, operator), value, codec) for operator, value in part.items()}


def _at_path(kind: type[Entity], path: str, operator: str) -> Tested:
    """Return the test of the field at a *path*, which in JSON names no operator."""
    test = tested(kind, path, ())
    if test.path != path:
        raise QueryError(
            f'{path[:80]!r} names an operator; in where it stands inside: {{"{test.path}": {{"{test.operator}": …}}}}'
        )
    if operator not in OPERATORS:
        raise QueryError(f"{path[:80]!r} cannot be tested by {operator[:40]!r}; {hint(operator, OPERATORS)}")
    return test._replace(operator=operator)
