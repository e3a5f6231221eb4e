"""Every block of Python in a README and in the documentation runs, in the order a reader meets it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

ROOT = Path(__file__).parents[2]
READMES = sorted(ROOT.glob("packages/*/README.md"))
PAGES = [*(path for path in [ROOT / "README.md"] if path.exists()), *READMES, *sorted(ROOT.glob("docs/**/*.md"))]
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]

reader = Sybil(parsers=[PythonCodeBlockParser(), SkipParser()], encoding="utf-8")


def run(page):
    """Run the blocks of *page* one after the other, in one namespace; return how many there were."""
    examples = list(reader.parse(page))
    for example in examples:
        example.evaluate()
    return len(examples)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_the_code_on_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(page) or page not in READMES, "a README shows how its package is used"


def test_a_block_that_fails_is_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\nx = 1\n```\nlater\n```python\nassert x == 2\n```\n")
    with pytest.raises(AssertionError):
        run(page)
