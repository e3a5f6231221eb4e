"""Every rule there is, and what they find together."""

from __future__ import annotations

from . import definitions, exposure, redis, schema, settings, storage, surroundings, uploads
from .facts import Facts
from .finding import SEVERITIES, Finding, Rule

__all__ = ["RULES", "findings"]

RULES: tuple[Rule, ...] = (
    *definitions.RULES,
    *schema.RULES,
    *storage.RULES,
    *redis.RULES,
    *uploads.RULES,
    *settings.RULES,
    *exposure.RULES,
    *surroundings.RULES,
)


def findings(facts: Facts, *, deploy: bool) -> list[Finding]:
    """Return what the rules find in *facts*, the worst first; those for deployment only with *deploy*."""
    found = [one for rule in RULES if deploy or not rule.deploy for one in rule.findings(facts)]
    return sorted(found, key=lambda one: SEVERITIES.index(one.severity))
