"""Browser tests come last: while Playwright holds this thread's event loop, no async test can run."""

from __future__ import annotations

import shutil

from house.layout import ROOT

pytest_plugins = ["pytester"]

PLAIN = ("-p", "no:cacheprovider", "-p", "no:schemathesis")

SUITE = """
import asyncio
import pytest

@pytest.fixture(scope="session")
def context():
    loop = asyncio.new_event_loop()
    asyncio._set_running_loop(loop)  # what Playwright's sync API does to its thread
    yield
    asyncio._set_running_loop(None)
    loop.close()

def test_a_page(context):
    pass

def test_something_async():
    asyncio.run(asyncio.sleep(0))
"""


def test_an_async_test_written_after_a_browser_test_runs_before_it(pytester):
    shutil.copy(ROOT / "conftest.py", pytester.path)
    pytester.mkdir("e2e").joinpath("test_all.py").write_text(SUITE)
    pytester.runpytest_subprocess(*PLAIN).assert_outcomes(passed=2)


def test_a_browser_test_where_nobody_looks_for_it_is_refused(pytester):
    shutil.copy(ROOT / "conftest.py", pytester.path)
    pytester.makepyfile(SUITE)
    outcome = pytester.runpytest_subprocess(*PLAIN)
    outcome.stderr.fnmatch_lines(["*test_a_page holds a browser: put it into a folder named browser or e2e"])


def test_without_the_order_it_could_not_run(pytester):
    pytester.makepyfile(SUITE)
    pytester.runpytest_subprocess(*PLAIN).assert_outcomes(passed=1, failed=1)
