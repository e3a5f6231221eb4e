"""Whether the settings are those of a program that others are served with."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from starmodel.cli.secret import LEAST

from .facts import Facts, others_may
from .finding import Found, Rule

__all__ = ["RULES"]

FEWEST = 10
"""A secret made of fewer different characters than these was typed, not made."""
TYPED = ("changeme", "change-me", "example", "password", "secret", "starmodel")
MAKE = 'make one with: python -c "import secrets; print(secrets.token_hex(32))"'
KNOWN = (
    *("STARMODEL_DISABLE_PLUGINS", "STARMODEL_ENV", "STARMODEL_FILES", "STARMODEL_HOSTS", "STARMODEL_SECRET"),
    *("STARMODEL_STORE", "STARMODEL_UI", "STARMODEL_WORKERS", "DATABASE_URL", "REDIS_URL", "FORWARDED_ALLOW_IPS"),
    *("STARMODEL_AUTH", "STARMODEL_BUS", "STARMODEL_METRICS_TOKEN", "STARMODEL_PLUGINS", "STARMODEL_REQUIRED_PLUGINS"),
    *("STARMODEL_FRAGMENTS", "STARMODEL_SESSIONS", "STARMODEL_TASKS"),
)
ON = {"1", "true", "yes", "on"}


def _missing(facts: Facts) -> Iterator[Found]:
    if not facts.secret:
        yield Found("STARMODEL_SECRET is not set: sessions would end with each process", f"set it; {MAKE}")


def _short(facts: Facts) -> Iterator[Found]:
    if 0 < len(facts.secret) < LEAST:
        yield Found(f"STARMODEL_SECRET has {len(facts.secret)} characters and needs {LEAST}", MAKE)


def _weak(facts: Facts) -> Iterator[Found]:
    secret = facts.secret
    if len(secret) >= LEAST and (len(set(secret)) < FEWEST or any(word in secret.lower() for word in TYPED)):
        yield Found("STARMODEL_SECRET looks as if it was typed: it can be guessed", MAKE)


def _kept(facts: Facts) -> Iterator[Found]:
    file = facts.folder / ".starmodel" / "secret"
    if facts.secret and file.is_file() and file.read_text(encoding="utf-8", errors="replace").strip() == facts.secret:
        yield Found("STARMODEL_SECRET is the one of development", f"give production one of its own; {MAKE}", str(file))


def _published(facts: Facts) -> Iterator[Found]:
    for name in facts.published(facts.secret) if len(facts.secret) >= LEAST else ():
        advice = "take it out of the file and make a new one: whoever has the repository can make visits"
        yield Found("the value of STARMODEL_SECRET is in git", advice, name)


def _development(facts: Facts) -> Iterator[Found]:
    if facts.environ.get("STARMODEL_ENV") == "development":
        advice = "set STARMODEL_ENV=production, or leave it out and start with --production"
        yield Found("STARMODEL_ENV is development: errors would show code to visitors", advice)


def _misspelt(facts: Facts) -> Iterator[Found]:
    for name in sorted(set(facts.environ) - set(KNOWN)):
        cutoff = 0.8 if name.startswith("STARMODEL") else 0.9
        close = difflib.get_close_matches(name, KNOWN, n=1, cutoff=cutoff)
        if close:
            yield Found(f"{name} is set, and nothing reads it", f"did you mean {close[0]}?")


def _readable(facts: Facts) -> Iterator[Found]:
    if others_may(facts.env_file, 0o077):
        advice = "let only its owner read it: chmod 600 .env"
        yield Found(".env can be read by others on this machine, and it holds secrets", advice, str(facts.env_file))


def _tracked(facts: Facts) -> Iterator[Found]:
    if ".env" in (facts.tracked or ()):
        advice = "git rm --cached .env, and make new secrets: the old ones stay in its history"
        yield Found(".env is in git", advice, str(facts.env_file))


def _unignored(facts: Facts) -> Iterator[Found]:
    if facts.tracked is not None and facts.env_file.is_file() and not facts.is_env_ignored:
        yield Found(".env is not ignored by git: the next commit may hold it", "write .env into .gitignore")


def _debugging(facts: Facts) -> Iterator[Found]:
    for name in ("PYTHONASYNCIODEBUG", "PYTHONDEVMODE"):
        if facts.environ.get(name, "").lower() in ON:
            yield Found(f"{name} is set: Python runs slowly and shows more than it should", f"take {name} away")


RULES = (
    Rule("secret.missing", "error", _missing, deploy=True),
    Rule("secret.short", "error", _short, deploy=True),
    Rule("secret.weak", "error", _weak, deploy=True),
    Rule("secret.development", "error", _kept, deploy=True),
    Rule("secret.published", "error", _published),
    Rule("env.development", "error", _development, deploy=True),
    Rule("env.misspelt", "warning", _misspelt),
    Rule("env.debugging", "warning", _debugging, deploy=True),
    Rule("envfile.readable", "error", _readable, deploy=True),
    Rule("envfile.tracked", "error", _tracked),
    Rule("envfile.unignored", "warning", _unignored),
)
