"""Putting an application together from entities, settings and whatever adapters are installed."""

from __future__ import annotations

import difflib
import inspect
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starmodel.adapters.files import DirectoryFileStore
from starmodel.app import Application, Registry
from starmodel.core.errors import AdapterNotFoundError, ConfigurationError, hint

from .plugins import chosen_host
from .rest import IF_INSTALLED, attach_api
from .settings import Settings, folder_of_files
from .signing_in import let_take_part, providers_of

if TYPE_CHECKING:
    from starmodel.adapters.fasthtml import StarModelApp
    from starmodel.core import Entity
    from starmodel.core.ports import (
        AuthProvider,
        Codec,
        EventBus,
        FileStore,
        Policy,
        StatePersistenceBackend,
        UIAdapter,
    )
    from starmodel.plugins import PluginHost

__all__ = ["create_app", "create_application", "create_fasthtml_app"]

_SQL, _REDIS = "sql", "redis"


def create_application(
    *entities: type[Entity],
    settings: Settings | None = None,
    stores: Mapping[str, StatePersistenceBackend] | None = None,
    bus: EventBus | None = None,
    policies: Sequence[Policy] = (),
    codec: Codec | None = None,
    files: FileStore | None = None,
) -> Application:
    """Return an application without a web: for scripts, workers and tests.

    *files* keeps uploaded files: by default the folder that the settings name.
    """
    chosen = settings or Settings.from_environment()
    application = Application(
        entities,
        codec=codec or _codec(),
        stores={**_own_stores(entities, chosen, stores or {}), **(stores or {})},
        default_store=chosen.store,
        bus=bus or _bus(chosen),
        policies=policies,
        workers=chosen.workers,
        files=files if files is not None else DirectoryFileStore(folder_of_files(chosen)),
        secret=chosen.secret,
        explain=chosen.env == "development",
    )
    application.persistence.refuse_workers(chosen.workers)
    return application


def _own_stores(
    entities: Sequence[type[Entity]], settings: Settings, given: Mapping[str, StatePersistenceBackend]
) -> Mapping[str, StatePersistenceBackend]:
    """Return the stores with an address in *settings* that are wanted, and that were not given.

    That is what entities are kept in, and the usual one: others may come that name none, such as users.
    """
    named = {getattr(entity, "__entity_config__", {}).get("store", settings.store) for entity in entities}
    wanted = {settings.store, *named}
    makers = {_SQL: _sql_store, _REDIS: _redis_store}
    return {name: make(settings) for name, make in makers.items() if name in wanted and name not in given}


def _sql_store(settings: Settings) -> StatePersistenceBackend:
    """Return the SQL store at the database of *settings*.

    In development it adds what the tables lack; in production it refuses to start on tables that do not fit.
    """
    try:
        from starmodel.adapters.persistence.sqlmodel import DEFAULT_URL, SQLRepo  # noqa: PLC0415  (an optional package)
    except ModuleNotFoundError as error:
        if not _is_about(error, "sqlmodel", "sqlalchemy"):
            raise
        raise AdapterNotFoundError("the store 'sql' needs its package: pip install 'starmodel[sql]'") from error
    url = settings.database_url or DEFAULT_URL
    revisions = Path("migrations")
    return SQLRepo(
        url,
        schema="auto" if settings.env == "development" else "check",
        migrations=revisions if revisions.is_dir() else None,
    )


def _redis_store(settings: Settings) -> StatePersistenceBackend:
    """Return the Redis store at the server of *settings*."""
    try:
        from starmodel.adapters.persistence.redis import DEFAULT_URL, RedisRepo  # noqa: PLC0415  (an optional package)
    except ModuleNotFoundError as error:
        if not _is_about(error, "redis"):
            raise
        raise AdapterNotFoundError("the store 'redis' needs its package: pip install 'starmodel[redis]'") from error
    return RedisRepo(settings.redis_url or DEFAULT_URL)


def _bus(settings: Settings) -> EventBus | None:
    """Return the bus that *settings* name; ``None`` for the logs of the stores."""
    if settings.bus == "log":
        return None
    if settings.bus == "memory" and settings.workers > 1:
        raise ConfigurationError(
            f"{settings.workers} workers cannot share the bus 'memory': none would hear of the others; "
            "run one worker, or leave STARMODEL_BUS away"
        )
    buses: Registry[Any] = Registry("starmodel.bus")
    if settings.bus not in buses.names():
        raise AdapterNotFoundError(
            f"no installed package offers the bus {settings.bus!r}; {hint(settings.bus, ['log', *buses.names()])}; "
            "set STARMODEL_BUS to one of these, or install the package that brings it"
        )
    make = buses.get(settings.bus)
    bus: EventBus = make(settings.redis_url) if settings.bus == _REDIS and settings.redis_url else make()
    return bus


def _is_about(error: ModuleNotFoundError, *needed: str) -> bool:
    """Tell whether what is missing is an adapter, or a package that it needs."""
    return error.name is not None and error.name.startswith(("starmodel.adapters", *needed))


def _codec() -> Codec:
    codecs: Registry[Any] = Registry("starmodel.codec")
    codec: Codec = codecs.get("pydantic")()
    return codec


def create_app(
    *entities: type[Entity],
    settings: Settings | None = None,
    stores: Mapping[str, StatePersistenceBackend] | None = None,
    bus: EventBus | None = None,
    policies: Sequence[Policy] = (),
    auth: AuthProvider | str | Sequence[AuthProvider | str] | None = None,
    plugins: PluginHost | None = None,
    codec: Codec | None = None,
    files: FileStore | None = None,
    hosts: Sequence[str] = (),
    ui: UIAdapter | str | None = None,
    api: str | None = IF_INSTALLED,
    title: str = "StarModel",
    **fasthtml: Any,
) -> StarModelApp:
    """Return the web application for *entities*: their events are open as routes, pages are added as in FastHTML.

    *files* keeps uploaded files: by default the folder that the settings name.  *hosts* are the names it answers to
    besides this machine's own.  *auth* says who asks: a provider, or the name of an installed one such as ``password``,
    or several, asked in turn; by default those in ``STARMODEL_AUTH``.  *ui* is the kit that draws the pages, or its
    name: by default ``STARMODEL_UI``, else ``monster`` where that is installed, else ``plain``.  *plugins* are those
    that the project has switched on unless given.  *api* is the path of the REST interface: by default ``/api`` where
    the package is installed; ``None`` leaves it out.  Further keywords go to FastHTML, which makes attributes of
    ``<body>`` of those that it does not know itself.
    """
    try:
        from starmodel.adapters.fasthtml import GateSettings, MetricsSettings, StarModelApp  # noqa: PLC0415  (an optional package)
        from starmodel.adapters.fasthtml.gate import LOOPBACK_HOSTS  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith(("starmodel.adapters", "fasthtml")):
            raise
        raise AdapterNotFoundError(
            "a web application needs the web adapter: pip install 'starmodel[fasthtml]'"
        ) from error
    for entity in entities:
        if not isinstance(entity, type):
            raise ConfigurationError(
                f"create_app() takes entity classes, not {entity!r}; for a list use create_app(*entities)"
            )
    _refuse_misspelt(fasthtml)
    chosen = settings or Settings.from_environment()
    application = create_application(
        *entities, settings=chosen, stores=stores, bus=bus, policies=policies, codec=codec, files=files
    )
    gate = GateSettings(hosts=(*LOOPBACK_HOSTS, *chosen.hosts, *hosts), debug=chosen.env == "development")
    process = str(os.getpid()) if chosen.workers > 1 else ""
    host = plugins if plugins is not None else chosen_host(chosen)
    providers = providers_of(auth, chosen.auth)
    let_take_part(host, providers)
    app = StarModelApp(
        application,
        secret=chosen.secret,
        gate=gate,
        ui=_kit(ui or chosen.ui),
        auth=providers,
        plugins=host,
        title=title,
        metrics=MetricsSettings(chosen.metrics_token, process) if chosen.metrics_token else None,
        **fasthtml,
    )
    attach_api(app, api, title)
    return app


def _kit(wanted: UIAdapter | str | None) -> UIAdapter:
    if wanted is not None and not isinstance(wanted, str):
        return wanted
    kits: Registry[Any] = Registry("starmodel.ui")
    kit: UIAdapter = kits.get(wanted or ("monster" if "monster" in kits.names() else "plain"))()
    return kit


def _refuse_misspelt(fasthtml: Mapping[str, Any]) -> None:
    """Raise for a keyword that nearly is one of ours: FastHTML would write it into every page, and be silent."""
    own = [name for name, one in inspect.signature(create_app).parameters.items() if one.kind is one.KEYWORD_ONLY]
    for name in fasthtml:
        if difflib.get_close_matches(name, own, n=1, cutoff=0.7):
            raise ConfigurationError(f"create_app() has no option {name!r}; {hint(name, own)}")


def create_fasthtml_app(states: Sequence[type[Entity]] = (), **options: Any) -> StarModelApp:
    """Return the web application for *states*; see :func:`create_app`."""
    return create_app(*states, **options)
