"""Where the data is, what it survives there, and who can get at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from starmodel.core.config import CLIENT_STORES
from starmodel.core.ports import Durability

from .facts import Facts, others_may
from .finding import Found, Rule

__all__ = ["RULES"]

NETWORK = ("9p", "afs", "ceph", "cifs", "fuse.sshfs", "glusterfs", "nfs", "nfs4", "smb3", "smbfs", "virtiofs")
SUPERUSERS = ("mysql", "postgres", "root", "sa")
SAFE_MODES = ("require", "verify-ca", "verify-full")


def _ephemeral(facts: Facts) -> Iterator[Found]:
    for name, kinds in _kept_in(facts, Durability.EPHEMERAL).items():
        advice = 'keep them in SQL: model_config = {"store": "sql"}, or STARMODEL_STORE=sql'
        yield Found(f"{', '.join(kinds)} in the store {name!r} end with the process", advice)


def _kept_in(facts: Facts, durability: Durability) -> dict[str, list[str]]:
    if facts.application is None:
        return {}
    found: dict[str, list[str]] = {}
    for kind in facts.application.catalog:
        if facts.application.persistence.name_for(kind) in CLIENT_STORES:
            continue  # it is in browsers, whatever becomes of the process
        store = facts.application.persistence.for_class(kind)
        if store.durability is durability and kind.__entity_config__.get("auto_persist", True):
            found.setdefault(facts.application.persistence.name_for(kind), []).append(kind.__entity_name__)
    return found


def _alone(facts: Facts) -> Iterator[Found]:
    stores = facts.application.persistence.stores if facts.application is not None else {}
    for name, store in stores.items():
        if facts.workers > 1 and store.single_process:
            advice = "serve with one process, or keep its entities in a store that processes share"
            yield Found(f"{facts.workers} workers would each have a store {name!r} of their own", advice)


def _workers(facts: Facts) -> Iterator[Found]:
    for database in facts.databases:
        if database.file is not None and facts.workers > 1:
            advice = "measure whether more than one helps, or take Postgres: only one of them writes at a time"
            yield Found(f"{facts.workers} workers share one SQLite file", advice, str(database.file))


def _implied(facts: Facts) -> Iterator[Found]:
    if facts.databases and not facts.environ.get("DATABASE_URL"):
        advice = "set DATABASE_URL, for example postgresql://user:password@host/name"
        yield Found("DATABASE_URL is not set: the data goes into a file in the folder of the start", advice)


def _relative(facts: Facts) -> Iterator[Found]:
    for database in facts.databases:
        if database.is_relative and facts.environ.get("DATABASE_URL"):
            advice = f"name the whole path: DATABASE_URL=sqlite:///{database.file}"
            yield Found("which SQLite file it is depends on the folder of the start", advice)


def _readable(facts: Facts) -> Iterator[Found]:
    for database in facts.databases:
        if database.file is not None and others_may(database.file, 0o077):
            advice = f"let only its owner read it: chmod 600 {database.file.name}"
            yield Found("the database can be read by others on this machine", advice, str(database.file))


def _exposed(facts: Facts) -> Iterator[Found]:
    for database in facts.databases:
        if database.file is not None and database.file.is_relative_to(facts.folder / "static"):
            yield Found("the database is in a folder that browsers are served from", "move it", str(database.file))


def _network_disk(facts: Facts) -> Iterator[Found]:
    for database in facts.databases:
        if database.file is not None and _file_system(database.file, facts) in NETWORK:
            advice = "put it on a disk of this machine, or take Postgres: SQLite's locks do not hold over a network"
            yield Found("the SQLite file is on a network disk", advice, str(database.file))


def _file_system(path: Path, facts: Facts) -> str:
    for folder in path.parents:
        if str(folder) in facts.mounts:
            return facts.mounts[str(folder)]
    return ""


def _superuser(facts: Facts) -> Iterator[Found]:
    for database in facts.databases:
        if database.user in SUPERUSERS:
            advice = "give the application a user that owns its tables and nothing else"
            yield Found(f"the application is {database.user!r} in its database, who may do everything", advice)


def _plain(facts: Facts) -> Iterator[Found]:
    for database in facts.databases:
        if not database.is_local and database.options.get("sslmode") not in SAFE_MODES:
            advice = "add ?sslmode=verify-full to DATABASE_URL, or require if the network is yours"
            yield Found(f"what goes to the database on {database.host} may go unencrypted", advice)


def _password(facts: Facts) -> Iterator[Found]:
    for database in facts.databases:
        for name in facts.published(database.password):
            advice = "take it out of the file, and give the database a new password"
            yield Found("the password of the database is in git", advice, name)


RULES = (
    Rule("store.ephemeral", "error", _ephemeral, deploy=True),
    Rule("store.alone", "error", _alone, deploy=True),
    Rule("workers.sqlite", "warning", _workers, deploy=True),
    Rule("database.implied", "warning", _implied, deploy=True),
    Rule("database.relative", "warning", _relative, deploy=True),
    Rule("database.readable", "warning", _readable, deploy=True),
    Rule("database.served", "error", _exposed),
    Rule("database.network-disk", "error", _network_disk, deploy=True),
    Rule("database.superuser", "warning", _superuser, deploy=True),
    Rule("database.unencrypted", "warning", _plain, deploy=True),
    Rule("database.password-published", "error", _password),
)
