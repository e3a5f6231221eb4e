"""What is slow to import is imported by whoever uses it."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import sys
import starmodel.adapters.persistence.sqlmodel as sql
before = "sqlmodel" in sys.modules
sql.BaseTable, sql.table_config
print(before, "sqlmodel" in sys.modules)
"""


def test_sqlmodel_is_brought_in_by_the_first_table():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_a_name_that_is_not_there_is_no_surprise():
    import starmodel.adapters.persistence.sqlmodel as sql

    with pytest.raises(AttributeError, match="has no attribute 'BaseTabel'"):
        sql.BaseTabel  # noqa: B018
