"""Names of test cases: the same in every process, so that runs can be shared out and compared."""

from __future__ import annotations

from starmodel.core import Entity

__all__ = ["case_name"]

_LENGTH = 40


def case_name(value: object) -> str:
    """Return a short name for a case that is tested with *value*: no random ids, and sets in one order."""
    return _stable(value)[:_LENGTH]


def _stable(value: object) -> str:
    if isinstance(value, Entity):
        return type(value).__name__
    if isinstance(value, set | frozenset):
        return f"{{{', '.join(sorted(map(_stable, value)))}}}"
    if type(value) is dict:
        return f"{{{', '.join(f'{_stable(key)}: {_stable(part)}' for key, part in value.items())}}}"
    if type(value) in (list, tuple):
        return f"[{', '.join(map(_stable, value))}]"  # type: ignore[call-overload]  # a list or a tuple, as just asked
    return repr(value)
