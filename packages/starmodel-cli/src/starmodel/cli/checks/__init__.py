"""Look a project over: facts are gathered once, and every rule is a small function of them."""

from .every import RULES, findings
from .facts import Database, Facts, Schema, Web, others_may
from .finding import SEVERITIES, Finding, Found, Rule, Severity
from .gathering import databases_of, facts_about, host_of, schema_of

__all__ = [
    "RULES",
    "SEVERITIES",
    "Database",
    "Facts",
    "Finding",
    "Found",
    "Rule",
    "Schema",
    "Severity",
    "Web",
    "databases_of",
    "facts_about",
    "findings",
    "host_of",
    "others_may",
    "schema_of",
]
