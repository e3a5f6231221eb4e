"""Find the SQL stores of what a person named: an application, or something that was put around one."""

from __future__ import annotations

from starmodel.adapters.persistence.sqlmodel.repository import SQLRepo
from starmodel.app import application_in

from .errors import MigrationError

__all__ = ["sql_stores"]


def sql_stores(found: object) -> dict[str, SQLRepo]:
    """Return the SQL stores by name, each knowing the tables of the classes it keeps; MigrationError without any."""
    application = application_in(found)
    if application is None:
        raise MigrationError("what was named is no StarModel application; name what create_app() returned")
    stores = {name: store for name, store in application.persistence.stores.items() if isinstance(store, SQLRepo)}
    for kind in application.catalog:
        store = application.persistence.for_class(kind)
        if isinstance(store, SQLRepo):
            store.tables.of(kind)
    if not any(list(store.tables) for store in stores.values()):
        raise MigrationError(
            'no entity is kept in SQL: write model_config = {"store": "sql"} in its class, or set STARMODEL_STORE=sql'
        )
    return {name: store for name, store in stores.items() if list(store.tables)}
