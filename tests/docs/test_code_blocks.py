"""Every block of Python in a README and in the documentation runs, in the order a reader meets it."""

from __future__ import annotations

import sys

import pytest

from .blocks import run
from .pages import PAGES, READMES, ROOT, name_of


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Give each page an empty folder for the files it shows, and forget what was imported from there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture(autouse=True)
def own_redis(request, monkeypatch):
    """Give the pages about Redis a server, as their reader has one."""
    page = getattr(getattr(request.node, "callspec", None), "params", {}).get("page")
    if "redis" in str(page):
        monkeypatch.setenv("REDIS_URL", request.getfixturevalue("redis_url"))


@pytest.mark.parametrize("page", PAGES, ids=map(name_of, PAGES))
def test_the_code_on_a_page_runs(page):
    assert run(page) or page not in READMES, "a README shows how its package is used"


@pytest.mark.parametrize(
    "text",
    [
        "```python\nx = 1\n```\nlater\n```python\nassert x == 2\n```\n",
        "```python\ndef test_it():\n    assert False\n```\n",
        "```python\nasync def test_it():\n    assert False\n```\n",
        '```python title="one.py"\nassert False\n```\n',
        '```python title="one.py"\nx = 1\n```\n```python\nfrom one import x\nassert x == 2\n```\n',
        '```python title="test_one.py"\ndef test_one():\n    assert False\n```\n',
        "```py\nx = 1\n```\n",
        "```python hl_lines=2\nx = 1\n```\n",
    ],
)
def test_a_block_that_fails_is_noticed(text, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(AssertionError):
        run(page)


def test_a_file_is_there_for_the_blocks_that_follow(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        '```python title="one.py"\nx = 1\n```\n```python\nfrom one import x\nassert x == 1\n```\n'
        '```python title="one.py"\nx = 2\n```\n```python title="test_one.py"\nimport one\n\n\ndef test_x():\n'
        "    assert one.x == 2\n```\n"
    )
    assert run(page) == 4


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_the_counter_on_a_page_is_the_example(page):
    example = (ROOT / "examples" / "counter.py").read_text(encoding="utf-8")
    assert f'```python title="counter.py"\n{example}```' in (ROOT / page).read_text(encoding="utf-8")
