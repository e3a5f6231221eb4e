"""The core alone: snapshots, drafts and commands, and nothing that is not in the standard library."""

from __future__ import annotations

import sys
from importlib.metadata import distributions

from counting import Counter

counter = Counter(count=1)
assert counter.increment(4).count == 5
assert counter.count == 1
assert Counter.increment(2).on("lobby").to_json()

ours = {found.name for found in distributions()}
assert ours <= {"starmodel-core", "pip", "setuptools", "wheel"}, ours
foreign = {name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names - {"starmodel", "counting"}
assert not {name for name in foreign if not name.startswith("_")}, foreign
