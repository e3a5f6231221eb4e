"""The address of a database: read once, checked, and shown without its password."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from starmodel.core.errors import hint
from starmodel.core.ports import Durability

from .errors import DatabaseUrlError

__all__ = ["DEFAULT_URL", "DatabaseUrl"]

DEFAULT_URL: Final = "sqlite:///starmodel.db"

_DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
_EXAMPLES = f"write for example {DEFAULT_URL} or postgresql://user:password@host/name"
_MARKS = "in a user or password write %40 for @, %2F for / and %3A for :"
_DURABILITY = "durability"


class DatabaseUrl:
    """A checked address; ``sqlite:///file.db`` and ``postgresql://user:password@host/name`` are understood.

    ``?durability=process`` lets SQLite acknowledge a commit before the disk has it: faster, and what the machine's
    own death may lose is the last moments.  The default is ``disk``.  Whatever driver is named, SQLite is served by
    the standard library and Postgres by psycopg.
    """

    def __init__(self, text: str) -> None:
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            raise DatabaseUrlError(f"DATABASE_URL cannot be read as an address; {_EXAMPLES}; {_MARKS}") from None
        backend = url.get_backend_name()
        if backend not in _DRIVERS:
            known = hint(backend, ["postgresql", "sqlite"])
            raise DatabaseUrlError(f"there is no support for {backend!r} databases; {known}; {_EXAMPLES}")
        self.is_sqlite = backend == "sqlite"
        # What follows an @ or / in a password would be repeated, as the name of a host or of a database.
        if "@" in (url.host or "") or (not self.is_sqlite and "@" in (url.database or "")):
            raise DatabaseUrlError(f"the user or password in DATABASE_URL holds an @ or /; {_MARKS}")
        self.url: URL = url.set(drivername=_DRIVERS[backend]).difference_update_query([_DURABILITY])
        self.is_memory = self.is_sqlite and url.database in (None, "", ":memory:")
        self.durability = self._durability(str(url.query.get(_DURABILITY, "disk")))
        self._refuse_missing_driver()

    @property
    def is_new_file(self) -> bool:
        """True when connecting would make the file of SQLite."""
        file = Path(self.url.database or "")
        return self.is_sqlite and not self.is_memory and "uri" not in self.url.query and _is_to_be_made(file)

    def _durability(self, text: str) -> Durability:
        if text not in ("disk", "process"):
            raise DatabaseUrlError(f"?durability={text} must be disk or process")
        return Durability.EPHEMERAL if self.is_memory else Durability(text)

    def _refuse_missing_driver(self) -> None:
        if not self.is_sqlite and find_spec("psycopg") is None:
            raise DatabaseUrlError("Postgres needs its driver: pip install 'starmodel-sql[postgres]'")

    def __str__(self) -> str:
        secret = {name: "***" for name in self.url.query if "password" in name}
        shown = self.url.update_query_dict(secret).render_as_string(hide_password=True)
        return shown.replace("+pysqlite", "").replace("+psycopg", "")

    def __repr__(self) -> str:
        return f"<{self}>"


def _is_to_be_made(file: Path) -> bool:
    return not file.exists() and file.parent.is_dir()
