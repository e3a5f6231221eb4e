"""What users and passwords may be: names that are compared as people do, passwords that are not guessed.

The rules for passwords are those of NIST SP 800-63B-4, section 3.1.1: where nothing but a password is asked for it has
15 characters or more, long ones are taken, none is refused for the kinds of its characters, and what is expected is
refused.
"""

from __future__ import annotations

import re
import unicodedata

from .errors import UnfitNameError, UnfitPasswordError

__all__ = [
    "LONGEST_NAME",
    "LONGEST_PASSWORD",
    "SHORTEST_PASSWORD",
    "checked_name",
    "checked_password",
    "checked_roles",
    "key_of",
    "normal_password",
]

LONGEST_NAME = 128
"""Characters; an address of e-mail fits in."""

SHORTEST_PASSWORD, LONGEST_PASSWORD = 15, 1024
"""Characters, after normalisation."""

_FEWEST_DIFFERENT = 6
_LONGEST_PIECE = 8
_BETWEEN, _DIGITS = " -_.,!", "0123456789"
_RUNS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "09876543210",
    "zyxwvutsrqponmlkjihgfedcba",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
)
_EXPECTED = frozenset({
    "administrator", "changeme", "football", "iloveyou", "letmein", "password", "princess", "qwerty", "sunshine",
    "trustno1", "welcome",
    "correcthorsebatterystaple", "iamnottellingyou", "iloveyousomuch", "maytheforcebewithyou", "mypasswordisstrong",
    "nevergonnagiveyouup", "thequickbrownfox", "thisismypassword", "whatismypassword", "youwillneverguess",
})  # fmt: skip
_role = re.compile(r"[\w.:-]{1,64}").fullmatch


def key_of(name: str) -> str:
    """Return what stands for *name* when names are compared: in one normal form (NFKC) and without capitals."""
    return _nfkc(_nfkc(name).casefold()).strip()


def checked_name(name: str) -> str:
    """Return *name* as it is shown; UnfitNameError for one that cannot be typed again, or looks like another."""
    shown = _nfkc(name).strip()
    if not 1 <= len(shown) <= LONGEST_NAME or len(key_of(shown)) > LONGEST_NAME:
        raise UnfitNameError(f"the name of a user has 1 to {LONGEST_NAME} characters")
    if not shown.isprintable() or any(unicodedata.category(char) in ("Cf", "Zs") for char in shown):
        raise UnfitNameError(f"the name {shown!r} has blanks or signs that cannot be seen; leave them out")
    return shown


def normal_password(password: str) -> str:
    """Return *password* in one normal form (NFKC), so that every keyboard and system types the same."""
    return _nfkc(password)


def checked_password(password: str, name: str) -> str:
    """Return the *password* of the user *name* in its normal form; UnfitPasswordError says what is wrong with it."""
    normal = normal_password(password)
    if len(normal) < SHORTEST_PASSWORD:
        raise UnfitPasswordError(
            f"a password has at least {SHORTEST_PASSWORD} characters, and this one {len(normal)}; a few words "
            "that belong together for you alone are easy to remember"
        )
    if len(normal) > LONGEST_PASSWORD:
        raise UnfitPasswordError(f"a password has at most {LONGEST_PASSWORD} characters")
    if any(unicodedata.category(char) in ("Cc", "Cs", "Cn") for char in normal):
        raise UnfitPasswordError("a password has no control characters: no form could send it again")
    if _is_expected(key_of(normal), key_of(name)):
        raise UnfitPasswordError("this password is among the first that are tried; take one that nobody expects")
    return normal


def checked_roles(roles: list[str]) -> list[str]:
    """Return *roles* in order and each once; UnfitNameError for what is no name of a role."""
    for role in roles:
        if not _role(role):
            raise UnfitNameError(f"{role!r} is no role: use up to 64 letters, digits and _ . : -")
    return sorted(set(roles))


def _nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _is_expected(password: str, name: str) -> bool:
    """Tell whether a password is one of the known, made of one piece, a run of a keyboard, or of the user's name."""
    letters, own = _joined(password), _joined(name)
    rest = letters.replace(own, "") if len(own) > 2 else letters
    return (
        len(set(letters)) < _FEWEST_DIFFERENT
        or len(rest) < SHORTEST_PASSWORD // 2
        or rest.strip(_DIGITS) in _EXPECTED
        or _repeats(rest)
        or any(rest in run * 2 for run in _RUNS)
    )


def _joined(text: str) -> str:
    """Return *text* without what stands between its words."""
    return "".join(char for char in text if char not in _BETWEEN)


def _repeats(text: str) -> bool:
    return any(text == (text[:size] * len(text))[: len(text)] for size in range(1, _LONGEST_PIECE + 1))
