"""What plugins hand in, as values: a number to watch, a finding about the installation, a template for a project."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from typing import Literal, TypeAlias, get_args

__all__ = ["Finding", "FindingStatus", "Metric", "MetricKind", "Sample", "ScaffoldTemplate"]

MetricKind: TypeAlias = Literal["counter", "gauge", "histogram"]
FindingStatus: TypeAlias = Literal["ok", "warning", "failed"]

MOST_SAMPLES = 10_000
"""Samples of one metric: a label that takes any value, such as an id, would make as many series."""
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_PARTS = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


@dataclass(frozen=True, slots=True)
class Sample:
    """One *value*, told from the others of its metric by *labels*.

    *part* is for histograms: ``_bucket`` (with the label ``le``), ``_sum`` or ``_count``.
    """

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    part: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """Something to watch, as Prometheus names it: ``queue_depth``, ``mails_sent_total``, ``fetch_seconds``.

    The name of a counter ends in ``_total``, and says a unit where there is one, in its plural.  ValueError says what
    does not fit: a name, a label, a value that is no number, more than 10,000 samples.
    """

    name: str
    doc: str
    samples: Sequence[Sample]
    kind: MetricKind = "gauge"

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"a metric cannot be called {self.name!r}; use letters, digits and _")
        if self.kind not in get_args(MetricKind):
            raise ValueError(f"{self.name} cannot be a {self.kind!r}; choose {', '.join(get_args(MetricKind))}")
        if self.kind == "counter" and not self.name.endswith("_total"):
            raise ValueError(f"{self.name} is a counter; call it {self.name}_total")
        if len(self.samples) > MOST_SAMPLES:
            raise ValueError(f"{self.name} has {len(self.samples)} samples; label it by something of which few exist")
        for sample in self.samples:
            self._check(sample)

    def _check(self, sample: Sample) -> None:
        if sample.part not in _PARTS[self.kind]:
            raise ValueError(f"{sample.part!r} is no part of {self.name}, a {self.kind}")
        if isinstance(sample.value, bool) or not isinstance(sample.value, int | float):
            raise ValueError(f"{self.name} has the value {sample.value!r}, which is no number")  # noqa: TRY004 (one kind)
        wrong = [name for name in sample.labels if not _NAME.fullmatch(name) or name.startswith("__")]
        if wrong:
            raise ValueError(f"{self.name} has a label {wrong[0]!r}; use letters, digits and _")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and how it is; *detail* says what to do when it is not well."""

    what: str
    status: FindingStatus
    detail: str = ""

    def __post_init__(self) -> None:
        if self.status not in get_args(FindingStatus):
            raise ValueError(f"{self.what}: {self.status!r} is no status; choose {', '.join(get_args(FindingStatus))}")


@dataclass(frozen=True, slots=True)
class ScaffoldTemplate:
    """A template for ``starmodel init --template NAME``: the files of *folder* whose names end in ``.tmpl``.

    ``$name``, ``$dashed``, ``$title``, ``$secret`` and ``$version`` are filled in, ``$$`` is a dollar sign; a name that
    begins with ``dot.`` is written with a dot.  What every project has, such as ``.env`` and ``pyproject.toml``, is
    there already; a file of the same path replaces it.
    """

    name: str
    folder: Traversable
    summary: str = ""
