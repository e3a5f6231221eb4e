"""Putting an application together from entities, settings and whatever adapters are installed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from starmodel.adapters.files import DirectoryFileStore
from starmodel.app import Application
from starmodel.core.errors import AdapterNotFoundError, ConfigurationError, hint
from starmodel.plugins import take_part

from .adapters import Adapters
from .fragments import shared_fragments
from .keywords import refuse_unknown
from .plugins import chosen_host, entities_of
from .rest import IF_INSTALLED, attach_api
from .sessions import kept_sessions
from .settings import Settings, folder_of_files
from .signing_in import let_take_part, providers_of
from .tasks import chosen_queue

if TYPE_CHECKING:
    from starmodel.adapters.fasthtml import StarModelApp
    from starmodel.core import Entity
    from starmodel.core.ports import (
        AuthProvider,
        Clock,
        Codec,
        EventBus,
        FileStore,
        FragmentCache,
        Policy,
        SessionStore,
        StatePersistenceBackend,
        TaskQueue,
        UIAdapter,
    )
    from starmodel.plugins import PluginHost

__all__ = ["create_app", "create_application", "create_fasthtml_app"]

_SET_HERE = frozenset(
    {"application", "canonical", "default_hdrs", "gate", "metrics", "secret", "secret_key", "self", "sess_cls"}
)
"""What the web application takes, and is given already: by the settings, or by itself."""


def create_application(
    *entities: type[Entity],
    settings: Settings | None = None,
    stores: Mapping[str, StatePersistenceBackend] | None = None,
    bus: EventBus | None = None,
    policies: Sequence[Policy] = (),
    plugins: PluginHost | None = None,
    codec: Codec | None = None,
    files: FileStore | None = None,
    clock: Clock | None = None,
    tasks: TaskQueue | str | None = None,
) -> Application:
    """Return an application without a web: for scripts, workers and tests.

    *files* keeps uploaded files: by default the folder that the settings name.  *clock* tells the time of commands, by
    default the machine's.  *tasks* keeps what is for later, or is the name of the queue that does: by default
    ``STARMODEL_TASKS``, else the memory of the process.  *plugins* are those that the project has switched on unless
    given: they bring entities and adapters, and stand around every command.  They are not started here, and hear of no
    domain event: the processes with a web tell them, where a store is shared.
    """
    chosen = settings or Settings.from_environment()
    host = plugins if plugins is not None else chosen_host(chosen)
    adapters = Adapters.of(chosen, host)
    given: dict[str, Any] = {"policies": policies, "codec": codec, "files": files, "clock": clock, "tasks": tasks}
    application = _assembled(entities, chosen, adapters, host, stores or {}, bus, **given)
    take_part(application, host)
    return application


def _assembled(
    entities: Sequence[type[Entity]],
    settings: Settings,
    adapters: Adapters,
    host: PluginHost,
    stores: Mapping[str, StatePersistenceBackend],
    bus: EventBus | None,
    **given: Any,
) -> Application:
    """Return an application of *entities* and those that plugins bring, with the adapters that they name."""
    every = [*entities, *entities_of(host, entities)]
    files = given.pop("files")
    codec = given.pop("codec") or adapters.made("codec", "pydantic")
    tasks = given.pop("tasks")
    application = Application(
        every,
        **given,
        codec=codec,
        stores=stores,
        default_store=settings.store,
        make_store=partial(adapters.made, "store"),
        bus=bus or _bus(settings, adapters),
        workers=settings.workers,
        files=files if files is not None else DirectoryFileStore(folder_of_files(settings)),
        secret=settings.secret,
        explain=settings.env == "development",
        tasks=chosen_queue(settings.tasks if tasks is None else tasks, adapters, given["clock"]),
    )
    application.persistence.refuse_workers(settings.workers)
    application.tasks.refuse_workers()
    return application


def _bus(settings: Settings, adapters: Adapters) -> EventBus | None:
    """Return the bus that *settings* name; ``None`` for the logs of the stores."""
    if settings.bus == "log":
        return None
    if settings.bus == "memory" and settings.workers > 1:
        raise ConfigurationError(
            f"{settings.workers} workers cannot share the bus 'memory': none would hear of the others; "
            "run one worker, or leave STARMODEL_BUS away"
        )
    known = adapters.names("bus")
    if settings.bus not in known:
        raise AdapterNotFoundError(
            f"no installed package offers the bus {settings.bus!r}; {hint(settings.bus, ['log', *known])}; "
            "set STARMODEL_BUS to one of these, or install the package that brings it"
        )
    bus: EventBus = adapters.made("bus", settings.bus)
    return bus


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
    clock: Clock | None = None,
    hosts: Sequence[str] = (),
    ui: UIAdapter | str | None = None,
    api: str | None = IF_INSTALLED,
    sessions: SessionStore | str | None = None,
    fragments: FragmentCache | str | None = None,
    tasks: TaskQueue | str | None = None,
    title: str = "StarModel",
    **fasthtml: Any,
) -> StarModelApp:
    """Return the web application for *entities*: their events are open as routes, pages are added as in FastHTML.

    *files* keeps uploaded files: by default the folder that the settings name.  *clock* tells the time of commands, by
    default the machine's.  *hosts* are the names it answers to besides this machine's own.  *auth* says who asks: a
    provider, or the name of an installed one such as ``password``, or several, asked in turn; by default those in
    ``STARMODEL_AUTH``.  *ui* is the kit that draws the pages, or its name: by default ``STARMODEL_UI``, else
    ``monster`` where that is installed, else ``plain``.  *plugins* are those that the project has switched on unless
    given.  *api* is the path of the REST interface: by default ``/api`` where the package is installed; ``None`` leaves
    it out.  *sessions* keeps what pages put into ``session``, or is the name of the store that does: by default
    ``STARMODEL_SESSIONS``, else the most lasting store in use that processes share, else the memory of the process.
    *fragments* is where processes find rows and views that others have drawn, or its name: by default
    ``STARMODEL_FRAGMENTS``, else each draws its own.  *tasks* keeps what is for later, or is the name of the queue that
    does: by default ``STARMODEL_TASKS``, else the memory of the process.  Further keywords go to FastHTML, which makes
    attributes of ``<body>`` of those that it does not know itself; ConfigurationError for what is neither.
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
    refuse_unknown(fasthtml, create_app, StarModelApp, set_here=_SET_HERE)
    chosen = settings or Settings.from_environment()
    host = plugins if plugins is not None else chosen_host(chosen)
    adapters = Adapters.of(chosen, host)
    providers = providers_of(auth, chosen.auth, adapters)
    let_take_part(host, providers)
    application = _assembled(
        entities,
        chosen,
        adapters,
        host,
        stores or {},
        bus,
        policies=policies,
        codec=codec,
        files=files,
        clock=clock,
        tasks=tasks,
    )
    gate = GateSettings(hosts=(*LOOPBACK_HOSTS, *chosen.hosts, *hosts), debug=chosen.env == "development")
    wanted = chosen.sessions if sessions is None else sessions  # one that is empty is one
    process = str(os.getpid()) if chosen.workers > 1 else ""
    app = StarModelApp(
        application,
        secret=chosen.secret,
        gate=gate,
        ui=adapters.kit(ui or chosen.ui),
        auth=providers,
        plugins=host,
        settings=adapters.settings,
        sessions=kept_sessions(wanted, application, adapters, chosen.workers),
        fragments=shared_fragments(chosen.fragments if fragments is None else fragments, adapters, chosen.secret),
        title=title,
        metrics=MetricsSettings(chosen.metrics_token, process) if chosen.metrics_token else None,
        **fasthtml,
    )
    attach_api(app, adapters, api, title)
    return app


def create_fasthtml_app(states: Sequence[type[Entity]] = (), **options: Any) -> StarModelApp:
    """Return the web application for *states*; see :func:`create_app`."""
    return create_app(*states, **options)
