"""Search for words: an index of every three letters, kept by the database itself, so that others may write as well.

On SQLite a table of FTS5, filled by triggers; on Postgres an index of pg_trgm.  It only narrows down what is looked
at: the words are then compared as in memory.  Where there is none, everything is looked at, and found all the same.
"""

from .choosing import found, install
from .index import SearchIndex

__all__ = ["SearchIndex", "found", "install"]
