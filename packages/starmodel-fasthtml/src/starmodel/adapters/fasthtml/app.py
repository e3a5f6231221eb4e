"""The FastHTML application: pages as FastHTML knows them, entities as arguments, and the doors beside them."""

from __future__ import annotations

import functools
import inspect
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount, Route

from fasthtml.components import Title
from fasthtml.core import FastHTML, noop_body
from starmodel.app import Application
from starmodel.core.entity import Entity
from starmodel.core.errors import StarModelError
from starmodel.core.settings import AdapterSettings
from starmodel.core.ui import Link
from starmodel.plugins import PluginHost, measure, take_part

from . import lifespan
from .assets import Assets
from .browser.door import KeptDoor
from .browser.marking import KEPT_PATH
from .crud import Site, SiteDoor, add_own_entities
from .endings import EndThose, VisitEndings
from .entity_routes import door_routes, file_routes
from .gate import Gate, GateSettings
from .health import HEALTH_PATH, HealthDoor
from .injection import REQUEST, injected
from .keeping import asks_for_session
from .metrics import METRICS_PATH, MetricsDoor, MetricsSettings
from .mounted import Mounted
from .pages import LIVE_PATH, PageFrame
from .plain import PlainKit
from .plugged import MIDDLEWARE, MOUNTS, ROUTES, Address, PluggedRoutes, auth_providers, guarded_wrap, mount_path
from .reading import PageRead
from .refusing import PageRefusals
from .runtime import Runtime
from .shortcut import Shortcut
from .stream import LiveDoor

if TYPE_CHECKING:
    from starlette.middleware.errors import ServerErrorMiddleware
    from starlette.requests import Request
    from starlette.types import ASGIApp, Scope

    from starmodel.core.ports import AuthProvider, FragmentCache, SessionStore, UIAdapter

__all__ = ["StarModelApp"]

E = TypeVar("E", bound=Entity)
F = TypeVar("F", bound="Callable[..., Any]")

_VERBS = ("get", "post", "put", "delete", "patch", "head", "options", "trace")


class StarModelApp(FastHTML):  # type: ignore[misc]  # FastHTML is untyped
    """A FastHTML application whose pages are live.

    ``@app.get("/")`` works as FastHTML documents it.  Besides, an argument of an entity type is loaded, and the page is
    kept up to date: see :mod:`starmodel.adapters.fasthtml.injection`.  Page functions run on the event loop; give one
    that waits ``async def``.
    """

    def __init__(
        self,
        application: Application,
        *,
        secret: str | None = None,
        gate: GateSettings | None = None,
        assets: Assets | None = None,
        ui: UIAdapter | None = None,
        auth: Sequence[AuthProvider] = (),
        plugins: PluginHost | None = None,
        settings: AdapterSettings | None = None,
        title: str = "StarModel",
        max_streams: int = 5000,
        metrics: MetricsSettings | None = None,
        sessions: SessionStore | str | None = None,
        fragments: FragmentCache | None = None,
        **fasthtml: Any,
    ) -> None:
        kit, plugins = ui or PlainKit(), plugins or PluginHost()
        self.runtime = Runtime(
            application,
            assets or Assets(styles=kit.styles, scripts=kit.scripts),
            kit=kit,
            secret=secret or secrets.token_urlsafe(32),
            auth=[*auth, *auth_providers(plugins)],
            plugins=plugins,
            max_streams=max_streams,
            sessions=sessions,
            fragments=fragments,
            settings=None if settings is None else settings.values,
        )
        runtime, self._gate = self.runtime, gate or GateSettings()
        if metrics is not None:
            measure(runtime.plugins)
        self.endings = VisitEndings(application, runtime.sessions, runtime.hub, runtime.actor)
        self._frame, self._refusals = PageFrame(runtime), PageRefusals(runtime)
        super().__init__(
            title=title,
            default_hdrs=False,
            canonical=False,
            sess_cls=None,
            secret_key="unused: sessions are kept on the server",  # noqa: S106  (keeps FastHTML from writing a key file)
            body_wrap=self._frame.around(fasthtml.pop("body_wrap", None)),
            lifespan=lifespan.around(self, fasthtml.pop("lifespan", None)),
            htmlkw={"lang": "en", **fasthtml.pop("htmlkw", {})},
            exception_handlers={404: self._refusals.answer, **fasthtml.pop("exception_handlers", {})},
            **fasthtml,
        )
        self.add_exception_handler(StarModelError, self._refusals.answer)
        self.add_exception_handler(HTTPException, self._refusals.answer)
        self.state.starmodel, self.state.settings = runtime, settings or AdapterSettings()
        self._routed: set[type[Entity]] = set()
        self.pages = Site(runtime, title)
        self._attached: list[Mount] = []
        self._mounted = Mounted(runtime, self.endings)
        self._shortcut = Shortcut(self.pages)
        self.router.routes.append(Route(HEALTH_PATH, HealthDoor(runtime), methods=["GET"], name="starmodel-health"))
        if metrics is not None:
            numbers = MetricsDoor(runtime, metrics)
            self.router.routes.append(Route(METRICS_PATH, numbers, methods=["GET"], name="starmodel-metrics"))
        self._open_door(Route(LIVE_PATH, LiveDoor(runtime), methods=["GET"], name="starmodel-live"))
        self._open_door(Route(KEPT_PATH, KeptDoor(runtime), methods=["POST"], name="starmodel-kept"))
        self.router.routes.append(_AssetRoute(runtime.assets))
        runtime.serve_pages_by(self)
        self.router.default = door = SiteDoor(self.pages, self.router)
        self.router.middleware_stack = door.before(self.router.app)
        self._plugged = PluggedRoutes(runtime.plugins, self.router, self._addresses)
        self._include_all()
        self._add_plugins(runtime.plugins)
        self._plugged.settle()

    def _add_plugins(self, plugins: PluginHost) -> None:
        """Let plugins add routes, mounts and middleware; all stand behind the gate, like everything else."""
        for route in plugins.items(ROUTES, app=self):
            self._plugged.add(route.plugin, ROUTES, route.value)
        for mounted in plugins.items(MOUNTS, app=self):
            with plugins.guarded(mounted.plugin, MOUNTS):
                self._mount(mounted.plugin, mounted.value)
        for wrap in plugins.items(MIDDLEWARE, app=self):
            self.user_middleware.append(Middleware(guarded_wrap(plugins, wrap.plugin, wrap.value)))
        take_part(self.application, plugins)
        self.application.tasks.is_held = True  # until the plugins have started: no command is run without them

    def _mount(self, plugin: str, mounted: Any) -> None:
        """Let what a plugin mounts answer below its path, unless somebody else does."""
        route = Mount(mount_path(mounted), app=mounted.app)
        self._plugged.add(plugin, MOUNTS, route)
        self._plugged.settle()
        if route in self._plugged:
            asked = {name: getattr(mounted, name, None) for name in ("drain", "takes", "end_those")}
            self._mounted.connect(route, **asked)

    def build_middleware_stack(self) -> ASGIApp:
        """Put the gate around everything else, and the shortcut to the doors inside of all middleware.

        Starlette's own outermost layer is left out: it answers failures, which the gate does.
        """
        self._plugged.settle()
        self.router.routes.sort(key=lambda route: (route in self._attached, route in self._plugged))
        self.user_middleware.append(Middleware(self._shortcut.before))
        stack: ServerErrorMiddleware = super().build_middleware_stack()
        return Gate(
            stack.app,
            sessions=self.runtime.sessions,
            settings=self._gate,
            draw=self._refusals.page,
            looks=self._mounted.looks,
            larger=self._takes,
            endings=self.endings,
        )

    def _addresses(self) -> Iterator[Address]:
        """Yield examples of the addresses of the site's pages, and of what is kept for the framework itself."""
        yield from (Address("GET", path, "the application") for path in ("/", f"{LIVE_PATH}/x"))
        for method, path, name in self.pages.addresses:
            yield Address(method, re.sub(r"{[^}]*}", "x", path), f"the class {name}")

    def _takes(self, scope: Scope) -> int:
        """Return how large the body of a request may be, in bytes; 0 for no more than usual."""
        mounted = self._mounted.takes(scope)
        return (self._shortcut.takes(scope) or self.pages.takes(scope)) if mounted is None else mounted

    @property
    def application(self) -> Application:
        """The application below the web: its dispatcher, stores, bus and history."""
        return self.runtime.app

    @property
    def gate(self) -> GateSettings:
        """What the gate in front of everything lets through."""
        return self._gate

    def attach(
        self,
        path: str,
        app: ASGIApp,
        *,
        drain: Callable[[], None] | None = None,
        takes: Callable[[Scope], int] | None = None,
        end_those: EndThose | None = None,
    ) -> None:
        """Let another ASGI application answer below *path*, behind the gate; a page of one's own there comes first.

        *drain* is called when the server is about to stop: it ends what would go on for ever.  *takes* says of a
        request, whose path begins below *path*, how many bytes its body may have; 0 for no more than usual.
        *end_those* is called when sessions have ended, with what tells whether an actor's streams are over.  Lifespans
        are not run.
        """
        self._attached.append(Mount(path, app=app))
        self.router.routes.append(self._attached[-1])
        self._plugged.settle()
        self._mounted.connect(self._attached[-1], drain=drain, takes=takes, end_those=end_those)

    def _include_all(self) -> None:
        """Open the routes of every class that the application knows by now, and of the site's own."""
        add_own_entities(self.application)
        self.endings.prepare()
        for kind in list(self.application.catalog):
            self.include_entity(kind)

    def include_entity(self, kind: type[Entity]) -> None:
        """Open a route for each declared event of *kind*; what is not declared stays 404."""
        self.application.add(kind)
        if kind in self._routed:
            return
        self._routed.add(kind)
        for route in door_routes(self.runtime, kind):
            self._open_door(route)
        self.router.routes.extend(file_routes(self.runtime, kind))

    def _open_door(self, route: Route) -> None:
        self.router.routes.append(route)
        self._shortcut.add(route)

    def _add_route(
        self, func: Any, path: Any, methods: Any, name: Any, include_in_schema: Any, body_wrap: Any, **options: Any
    ) -> Any:
        """Add a page: what every decorator, every router and every class of FastHTML's ends in.

        Arguments of entity types are supplied.  A page answers GET unless it says otherwise.
        """
        add = super()._add_route
        self.pages.kept.clear()  # it may take the place of one of the site's
        if inspect.isclass(func):
            return add(func, path, methods, name, include_in_schema, body_wrap, **options)
        handler = injected(func, self.application, path if isinstance(path, str) else "", self._open_page)
        self._include_all()
        wanted = methods or [func.__name__ if func.__name__ in _VERBS else "get"]
        wrap = self.body_wrap if body_wrap in (None, noop_body) else self._frame.around(body_wrap)
        return add(handler, path, wanted, name, include_in_schema, wrap, **options)

    def _endp(self, f: Any, body_wrap: Any, before: Any = None) -> Any:
        """Return what answers for a page function: the session is read first, where somebody may look at it."""
        answer = super()._endp(f, body_wrap, before)
        asks = asks_for_session({n: p for n, p in inspect.signature(f).parameters.items() if n != REQUEST})

        async def read_first(request: Request) -> Any:
            if asks or before or self.before or self.after:
                await request.scope["session"].read()
            return await answer(request)

        return read_first

    def page(self, path: str, title: str, *, icon: str = "", listed: bool = True) -> Callable[[F], F]:
        """Register the decorated function for GET *path*, in the frame of the site's pages, called *title*.

        It stands in the navigation under its title and a Lucide *icon*, unless *listed* is false.
        """

        def add(fn: F) -> F:
            if listed:
                self.pages.own_links.append(Link(label=title, href=path, icon=icon))

            @functools.wraps(fn)
            async def titled(*args: Any, **kwargs: Any) -> Any:
                content = fn(*args, **kwargs)
                content = await content if inspect.isawaitable(content) else content
                return Title(f"{title} · {self.pages.title}"), content

            self.route(path, methods=["get"], body_wrap=self.pages.frame)(titled)
            return fn

        return add

    async def _open_page(self, request: Request) -> PageRead:
        return await self.runtime.page(request.scope)

    async def sign_out(self, actor: str) -> None:
        """End every session of an actor and every stream that is open for them, on every node that shares a store.

        *actor* is the id that an auth provider gives them.  Other ways to be recognised, such as a token in a header,
        are for the provider to refuse.
        """
        await self.endings.sign_out(actor)

    def on(self, event: Any) -> Any:
        """Register the decorated function for a domain event; see :class:`starmodel.app.Subscribers`."""
        return self.application.on(event)


class _AssetRoute(Route):
    """The browser files, under a path that FastHTML's own routes cannot shadow; pages below it have no dots."""

    def __init__(self, assets: Assets) -> None:
        super().__init__(
            "/_starmodel/{stem}.{hash}.{extension}", assets, methods=["GET", "HEAD"], name="starmodel-assets"
        )
