"""Call the plugins of one application: each on its own, so that what one does wrong costs only its own answer."""

from __future__ import annotations

import asyncio
import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

from starmodel.core.errors import ForbiddenError, hint

from .breaker import Breaker
from .calling import answer_at_once, answer_of, items_of
from .errors import HookCallError, HookFailedError, PluginError
from .loading import hook_names, is_async_hook, specification_of
from .parts import HookPart
from .records import Answer, Verdict
from .roster import ALL, PluginRoster

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    import pluggy

    from starmodel.core.actors import Actor
    from starmodel.core.commands import Command

    from .hookspecs import AsgiApplication

__all__ = ["PluginHost"]


class PluginHost(PluginRoster):
    """Loads plugins, calls their hooks and keeps a record of how each fares.

    *enabled* names the plugins that are on besides StarModel's own and those of ``app/plugins``: all of them unless it
    says otherwise, for whoever makes a host has asked for plugins; what a project says is in :class:`.PluginChoice`.
    *disabled* names plugins to leave alone, ``*`` all of them.  The application does not start without those in
    *required*: name there whatever it relies on for its safety.  *pins* says whose plugin or adapter of a name counts.
    A *strict* host raises the first failure instead of recording it; that is for tests and for authors of plugins.
    *timeout* is in seconds, for each async call, and *page_timeout* for those that a page waits for.  *breaker* says
    how long a plugin is left alone in a hook where it failed again and again.
    """

    def __init__(
        self,
        *,
        enabled: Collection[str] = (ALL,),
        disabled: Collection[str] = (),
        required: Collection[str] = (),
        pins: Mapping[str, str] | None = None,
        strict: bool = False,
        timeout: float = 5.0,
        page_timeout: float = 1.0,
        breaker: Breaker | None = None,
    ) -> None:
        super().__init__(
            enabled=enabled,
            disabled=disabled,
            required=required,
            pins=pins or {},
            strict=strict,
            breaker=breaker or Breaker(),
        )
        self.timeout, self.page_timeout = timeout, page_timeout
        self._allowed: set[tuple[object, ...]] = set()
        self._down: set[str] = set()

    def each(self, hook: str, /, **arguments: object) -> list[Answer]:
        """Call every plugin in *hook*, and return what those that did not fail answered."""
        answers: list[Answer] = []
        for part in self._called(hook, arguments, is_async=False):
            with self.guarded(part.plugin_name, hook):
                answers.append(Answer(part.plugin_name, answer_at_once(part, arguments)))
        return answers

    def first(self, hook: str, /, **arguments: object) -> Answer | None:
        """Return the first answer that is not ``None``, and do not call the plugins after it."""
        for part in self._called(hook, arguments, is_async=False):
            with self.guarded(part.plugin_name, hook):
                if (value := answer_at_once(part, arguments)) is not None:
                    return Answer(part.plugin_name, value)
        return None

    def collect(self, hook: str, /, **arguments: object) -> list[Any]:
        """Return the items of all the lists that the plugins in *hook* answered, in one list."""
        return [item.value for item in self.items(hook, **arguments)]

    def items(self, hook: str, /, **arguments: object) -> list[Answer]:
        """Return the items of all the lists that the plugins in *hook* answered, each with who answered it."""
        items: list[Answer] = []
        for part in self._called(hook, arguments, is_async=False):
            with self.guarded(part.plugin_name, hook):
                items += [Answer(part.plugin_name, item) for item in items_of(answer_at_once(part, arguments))]
        return items

    async def aitems(self, hook: str, /, **arguments: object) -> list[Answer]:
        """Return what :meth:`items` does of an async *hook*, all plugins asked at once: a page waits for them."""
        parts = self._called(hook, arguments, is_async=True)
        if not parts:
            return []
        found = await asyncio.gather(*(self._list_of(part, hook, arguments) for part in parts))
        return [item for items in found for item in items]

    async def _list_of(self, part: pluggy.HookImpl, hook: str, arguments: Mapping[str, object]) -> list[Answer]:
        name = part.plugin_name
        with self.guarded(name, hook):
            value = await self._await(part, arguments, self.page_timeout)
            return [Answer(name, item) for item in items_of(value)]
        return []

    def has(self, hook: str, /) -> bool:
        """Tell whether any plugin takes part in *hook*, whatever it answers."""
        return bool(self._parts(hook))

    def _is_left_out(self, plugin: str, hook: str) -> bool:
        return not self._breaker.lets(plugin, hook)

    def parts(self, hook: str, /) -> list[HookPart]:
        """Return who takes part in *hook* now, each to be called on its own."""
        return [
            HookPart(
                plugin=part.plugin_name,
                is_required=part.plugin_name in self.required,
                timeout=self.timeout,
                function=part.function,
                argnames=part.argnames,
                guarded=partial(self.guarded, part.plugin_name, hook),
                is_left_out=partial(self._is_left_out, part.plugin_name, hook),
            )
            for part in self._parts(hook)
        ]

    async def aeach(self, hook: str, /, **arguments: object) -> list[Answer]:
        """Call every plugin in an async *hook*, one after the other, each within the time-out."""
        return await self._await_each(hook, self._called(hook, arguments, is_async=True), arguments)

    async def startup(self, app: AsgiApplication) -> None:
        """Start every plugin, each after those that it requires; one without them is not started.

        HookFailedError when a required one does not start; those that did are stopped again.
        """
        hook, arguments = "starmodel_startup", {"app": app}
        waiting = self._in_order(self._called(hook, arguments, is_async=True))
        self._down.clear()
        try:
            while waiting:
                await self._start(waiting[0], hook, arguments)
                del waiting[0]
        except HookFailedError:
            self._down.update(part.plugin_name for part in waiting)
            await self.shutdown(app)
            raise

    async def _start(self, part: pluggy.HookImpl, hook: str, arguments: Mapping[str, object]) -> None:
        name, is_up = part.plugin_name, False
        with self.guarded(name, hook):
            needed = next(filter(self._is_down, self._records[name].requires), None)
            if needed is not None:
                raise PluginError(f"it requires the plugin {needed!r}, which did not start")
            await self._await(part, arguments)
            is_up = True
        if not is_up:
            self._down.add(name)

    def _is_down(self, name: str) -> bool:
        """Tell whether a plugin did not start, or needs one that did not."""
        return name in self._down or any(map(self._is_down, self._records[name].requires))

    def _in_order(self, parts: Iterable[pluggy.HookImpl]) -> list[pluggy.HookImpl]:
        return sorted(parts, key=lambda part: self._levels.get(part.plugin_name, 0))

    async def shutdown(self, app: AsgiApplication) -> None:
        """Stop every plugin that has started, the last started first."""
        hook, arguments = "starmodel_shutdown", {"app": app}
        parts = [part for part in self._called(hook, arguments, is_async=True) if not self._is_down(part.plugin_name)]
        await self._await_each(hook, self._in_order(parts)[::-1], arguments)

    async def authorize(self, actor: Actor, command: Command) -> Verdict:
        """Ask every plugin whether *actor* may send *command*; one refusal, and any failure, refuses it."""
        arguments = {"actor": actor, "command": command}
        verdict = _NO_OPINION
        for part in self._called("starmodel_authorize", arguments, is_async=True):
            opinion = await self._opinion(part, arguments)
            if opinion.allowed is False:
                return opinion
            verdict = opinion if verdict.allowed is None else verdict
        return verdict

    async def _opinion(self, part: pluggy.HookImpl, arguments: Mapping[str, object]) -> Verdict:
        name = part.plugin_name
        with self.guarded(name, "starmodel_authorize"):
            try:
                value = await self._await(part, arguments)
            except ForbiddenError as refusal:
                return Verdict(allowed=False, plugin=name, why=refusal.why or str(refusal))
            if value is None:
                return Verdict(None)
            if not isinstance(value, bool):
                raise TypeError(f"the answer must be True, False or None, not {value!r}")
            return Verdict(allowed=value, plugin=name, why="" if value else "the plugin refused")
        return Verdict(allowed=False, plugin=name, why="the plugin could not decide")

    async def _await_each(
        self, hook: str, parts: Iterable[pluggy.HookImpl], arguments: Mapping[str, object]
    ) -> list[Answer]:
        answers: list[Answer] = []
        for part in parts:
            with self.guarded(part.plugin_name, hook):
                answers.append(Answer(part.plugin_name, await self._await(part, arguments)))
        return answers

    async def _await(
        self, part: pluggy.HookImpl, arguments: Mapping[str, object], within: float | None = None
    ) -> object:
        seconds = self.timeout if within is None else min(within, self.timeout)
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                value = answer_of(part, arguments)
                return await value if inspect.isawaitable(value) else value
        except TimeoutError as error:
            if limit.expired():
                raise TimeoutError(f"no answer within {seconds:g} s") from error
            raise

    def _called(self, hook: str, arguments: Mapping[str, object], *, is_async: bool) -> list[pluggy.HookImpl]:
        """Return who takes part in *hook*, after refusing a call that its specification does not allow."""
        call = (hook, is_async, *arguments)
        if call not in self._allowed:  # looked at once: one of the hooks is called for every command
            self._check_call(hook, arguments, is_async=is_async)
            self._allowed.add(call)
        parts = self._parts(hook)
        return [part for part in parts if self._breaker.lets(part.plugin_name, hook)] if parts else parts

    def _check_call(self, hook: str, arguments: Mapping[str, object], *, is_async: bool) -> None:
        known = hook_names(self._manager)
        if hook not in known:
            raise HookCallError(f"there is no hook {hook!r}; {hint(hook, known)}")
        if is_async_hook(hook) != is_async:
            raise HookCallError(
                f"{hook} is {'not ' if is_async else ''}async; call it by {'each' if is_async else 'aeach'}"
            )
        wanted = inspect.signature(specification_of(hook)).parameters.keys()
        if wanted != arguments.keys():
            raise HookCallError(f"{hook} takes {', '.join(wanted) or 'no arguments'}; it got {', '.join(arguments)}")


_NO_OPINION = Verdict(None)
