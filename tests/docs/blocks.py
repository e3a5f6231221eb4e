"""Run the blocks of code on a page, as somebody does who reads it from top to bottom.

* A block of ``python`` runs in the namespace of its page.  A function in it that is called ``test_…`` is called too.
* A block with a title, as in ``python title="counter.py"``, is a file: it is written, and imported; one that is called
  ``test_….py`` is handed to pytest instead.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from sybil import Example, Region, Sybil
from sybil.document import Document
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import SkipParser
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer

TITLE = re.compile(r'python +title="([\w./-]+\.py)"')
FENCE = re.compile(r"^[ \t]*(?:`{3,}|~{3,}) *(?:py|Py)", re.MULTILINE)
UNUSED = ("cacheprovider", "hypothesispytest", "schemathesis", "xdist")  # what takes half of the time to load
PYTEST = ("-m", "pytest", "-q", *(f"-pno:{name}" for name in UNUSED), "-W", "error")

in_namespace = PythonEvaluator()
fences = FencedCodeBlockLexer(language=".+", mapping={"language": "arguments", "source": "source"})


class BlockParser:
    """Finds the blocks and says how each is run; one that it does not understand is an error, not prose."""

    def __call__(self, document: Document) -> Iterable[Region]:
        found = 0
        for region in fences(document):
            info = region.lexemes["arguments"].strip()
            if not info.lower().startswith("py"):
                continue
            title = TITLE.fullmatch(info)
            assert title or info == "python", f"{document.path}: a block begins with {info!r}; write python"
            region.parsed = region.lexemes["source"]
            region.evaluator = _file_evaluator(title[1]) if title else run_statements
            found += 1
            yield region
        assert found == len(FENCE.findall(document.text)), f"{document.path}: a block was not understood"


def run_statements(example: Example) -> None:
    """Run a block in the namespace of its page, then every test that it defines."""
    before = dict(example.namespace)
    in_namespace(example)
    for name, value in list(example.namespace.items()):
        if name.startswith("test_") and before.get(name) is not value:
            answer = value()
            if inspect.iscoroutine(answer):
                asyncio.run(answer)


def _file_evaluator(name: str):
    return lambda example: run_file(Path(name), str(example.parsed))


def run_file(path: Path, source: str) -> None:
    """Write a file into the folder at hand; import it, or run it by pytest when it holds tests."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    if path.name.startswith("test_"):
        done = subprocess.run([sys.executable, *PYTEST, str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return
    name = ".".join(path.with_suffix("").parts)
    sys.modules.pop(name, None)
    importlib.invalidate_caches()
    importlib.import_module(name)


reader = Sybil(parsers=[BlockParser(), SkipParser()], encoding="utf-8")


def run(page: Path) -> int:
    """Run the blocks of *page* one after the other; return how many there were."""
    examples = list(reader.parse(page))
    for example in examples:
        example.evaluate()
    return len(examples)
