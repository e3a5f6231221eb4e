"""Call the plugins of one application: each on its own, so that what one does wrong costs only its own answer."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from starmodel.core.errors import ForbiddenError, hint

from .errors import HookCallError
from .loading import hook_names, is_async_hook, specification_of
from .records import Answer, Verdict
from .roster import PluginRoster

if TYPE_CHECKING:
    from collections.abc import Collection

    import pluggy

    from starmodel.core.actors import Actor
    from starmodel.core.commands import Command

    from .hookspecs import AsgiApplication

__all__ = ["PluginHost"]


class PluginHost(PluginRoster):
    """Loads plugins, calls their hooks and keeps a record of how each fares.

    *disabled* names plugins to leave alone, ``*`` all of them.  The application does not start without those in
    *required*: name there whatever it relies on for its safety.  A *strict* host raises the first failure instead
    of recording it; that is for tests and for authors of plugins.  *timeout* is in seconds, for each async call.
    """

    def __init__(
        self,
        *,
        disabled: Collection[str] = (),
        required: Collection[str] = (),
        strict: bool = False,
        timeout: float = 5.0,
    ) -> None:
        super().__init__(disabled=disabled, required=required, strict=strict)
        self.timeout = timeout
        self._allowed: set[tuple[object, ...]] = set()

    def each(self, hook: str, /, **arguments: object) -> list[Answer]:
        """Call every plugin in *hook*, and return what those that did not fail answered."""
        answers: list[Answer] = []
        for part in self._called(hook, arguments, is_async=False):
            with self._guarded(part, hook):
                answers.append(Answer(part.plugin_name, _call(part, arguments)))
        return answers

    def first(self, hook: str, /, **arguments: object) -> Answer | None:
        """Return the first answer that is not ``None``, and do not call the plugins after it."""
        for part in self._called(hook, arguments, is_async=False):
            with self._guarded(part, hook):
                if (value := _call(part, arguments)) is not None:
                    return Answer(part.plugin_name, value)
        return None

    def collect(self, hook: str, /, **arguments: object) -> list[Any]:
        """Return the items of all the lists that the plugins in *hook* answered, in one list."""
        items: list[Any] = []
        for part in self._called(hook, arguments, is_async=False):
            with self._guarded(part, hook):
                items += _items(_call(part, arguments))
        return items

    def has(self, hook: str, /) -> bool:
        """Tell whether any plugin takes part in *hook*, whatever it answers."""
        return bool(self._parts(hook))

    async def aeach(self, hook: str, /, **arguments: object) -> list[Answer]:
        """Call every plugin in an async *hook*, one after the other, each within the time-out."""
        return await self._await_each(hook, self._called(hook, arguments, is_async=True), arguments)

    async def startup(self, app: AsgiApplication) -> None:
        """Start every plugin."""
        await self.aeach("starmodel_startup", app=app)

    async def shutdown(self, app: AsgiApplication) -> None:
        """Stop every plugin, the last started first."""
        hook, arguments = "starmodel_shutdown", {"app": app}
        await self._await_each(hook, self._called(hook, arguments, is_async=True)[::-1], arguments)

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
        with self._guarded(part, "starmodel_authorize"):
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
            with self._guarded(part, hook):
                answers.append(Answer(part.plugin_name, await self._await(part, arguments)))
        return answers

    async def _await(self, part: pluggy.HookImpl, arguments: Mapping[str, object]) -> object:
        limit = asyncio.timeout(self.timeout)
        try:
            async with limit:
                value = _answer(part, arguments)
                return await value if inspect.isawaitable(value) else value
        except TimeoutError as error:
            if limit.expired():
                raise TimeoutError(f"no answer within {self.timeout:g} s") from error
            raise

    def _called(self, hook: str, arguments: Mapping[str, object], *, is_async: bool) -> list[pluggy.HookImpl]:
        """Return who takes part in *hook*, after refusing a call that its specification does not allow."""
        call = (hook, is_async, *arguments)
        if call not in self._allowed:  # looked at once: one of the hooks is called for every command
            self._check_call(hook, arguments, is_async=is_async)
            self._allowed.add(call)
        return self._parts(hook)

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


def _answer(part: pluggy.HookImpl, arguments: Mapping[str, object]) -> object:
    value: object = part.function(*(arguments[name] for name in part.argnames))
    return value


def _call(part: pluggy.HookImpl, arguments: Mapping[str, object]) -> object:
    value = _answer(part, arguments)
    if inspect.isawaitable(value):
        if inspect.iscoroutine(value):
            value.close()
        raise TypeError("it answered an awaitable, and this hook cannot wait; answer the value itself")
    return value


def _items(value: object) -> list[object]:
    """Return the items of an answer; text and mappings are iterable too, and surely a mistake."""
    if value is None:
        return []
    kind = type(value)
    if issubclass(kind, str | bytes | Mapping) or not issubclass(kind, Iterable):
        raise TypeError(f"the answer must be a list, not {kind.__name__}")
    return list(cast("Iterable[object]", value))
