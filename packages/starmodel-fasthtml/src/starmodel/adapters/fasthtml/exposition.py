"""Metrics as text, in the form that Prometheus and everything like it reads (exposition format 0.0.4)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from starmodel.core.contributions import Metric

__all__ = ["MEDIA_TYPE", "exposition"]

MEDIA_TYPE = b"text/plain; version=0.0.4; charset=utf-8"

_IN_HELP = str.maketrans({"\\": "\\\\", "\n": "\\n"})
_IN_LABEL = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})


def exposition(metrics: Iterable[Metric], labels: Mapping[str, str]) -> str:
    """Return *metrics* as text, with *labels* at each sample besides its own."""
    return "".join(line + "\n" for metric in metrics for line in _lines(metric, labels))


def _lines(metric: Metric, labels: Mapping[str, str]) -> Iterator[str]:
    yield f"# HELP {metric.name} {metric.doc.translate(_IN_HELP)}"
    yield f"# TYPE {metric.name} {metric.kind}"
    for sample in metric.samples:
        named = ",".join(_named(name, text) for name, text in {**labels, **sample.labels}.items())
        yield f"{metric.name}{sample.part}{f'{{{named}}}' if named else ''} {_number(sample.value)}"


def _named(name: str, text: object) -> str:
    return f'{name}="{str(text).translate(_IN_LABEL)}"'


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else str(value)
