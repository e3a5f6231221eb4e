"""The pages where somebody signs in, out, and changes their password: forms that work without scripts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.responses import RedirectResponse
from starlette.routing import Route

from .errors import TooBusyError, UnfitPasswordError
from .forms import change_form, sign_in_form, sign_out_form
from .places import CHANGE_PASSWORD, SIGN_IN, SIGN_OUT, own_path, sign_in_address
from .remembering import Remembering
from .rules import key_of
from .session import begin, end, read, signed_in
from .users import User

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from .accounts import Accounts
    from .limits import SignInLimits
    from .web import WebApplication

__all__ = ["SignInPages"]

_MOST_FIELDS = 20
_BUSY = 5


class SignInPages:
    """Answers at ``/login``, ``/logout`` and ``/password``."""

    def __init__(self, app: WebApplication, accounts: Accounts, limits: SignInLimits) -> None:
        self._app, self._accounts, self._limits = app, accounts, limits
        self._known = Remembering(app.state.starmodel.signer)

    @property
    def routes(self) -> Sequence[Route]:
        """The addresses and what answers there."""
        return [
            Route(SIGN_IN, self.ask, methods=["GET"], name="starmodel-login"),
            Route(SIGN_IN, self.sign_in, methods=["POST"]),
            Route(SIGN_OUT, self.ask_to_leave, methods=["GET"], name="starmodel-logout"),
            Route(SIGN_OUT, self.sign_out, methods=["POST"]),
            Route(CHANGE_PASSWORD, self.ask_for_another, methods=["GET"], name="starmodel-password"),
            Route(CHANGE_PASSWORD, self.change, methods=["POST"]),
        ]

    # -- in ------------------------------------------------------------------------------------------------------------

    async def ask(self, request: Request) -> Response:
        """Show the form; whoever is signed in goes on to where they wanted to be."""
        after = own_path(request.query_params.get("next", "/"))
        if await self._user(request) is not None:
            return RedirectResponse(after, 303)
        return await self._asked(request, after=after)

    async def sign_in(self, request: Request) -> Response:
        """Begin a session of a user; one and the same answer whatever was not right."""
        sent = await _sent(request)
        name, after = sent.get("name", ""), own_path(sent.get("next", "/"))
        key, address = key_of(name), request.client.host if request.client else ""
        browser = self._known.of(request, key)
        words = self._app.pages.speak(request)
        wait = self._limits.begin(key, address, browser)
        if wait > 0:
            return await self._too_often(request, name, after, wait)
        try:
            user = await self._accounts.signed_in(name, sent.get("password", ""))
        except TooBusyError:
            self._limits.give_back(key, address, browser)
            return await self._too_busy(request, name, after)
        if user is None:
            wrong = words("The name or the password is not right.")
            return await self._asked(request, name=name, after=after, wrong=wrong, status=403)
        self._limits.give_back(key, address, browser)
        begin(await read(request.session), user)
        response = RedirectResponse(after, 303)
        self._known.give(request, response, key)
        return response

    async def _asked(
        self,
        request: Request,
        *,
        name: str = "",
        after: str = "/",
        error: str = "",
        wrong: str = "",
        status: int = 200,
    ) -> Response:
        pages = self._app.pages
        words = pages.speak(request)
        title = words("Error: {what}", what=words("Sign in")) if error or wrong else words("Sign in")
        parts = sign_in_form(pages.kit, words, name=name, after=after, error=error, wrong=wrong)
        return await self._page(request, title, words("Sign in"), parts, status)

    async def _too_often(self, request: Request, name: str, after: str, wait: float) -> Response:
        seconds = math.ceil(wait)
        words = self._app.pages.speak(request)
        error = words("Those were too many attempts. Try again in {count} seconds.", count=seconds)
        response = await self._asked(request, name=name, after=after, error=error, status=429)
        response.headers["retry-after"] = str(seconds)
        return response

    async def _too_busy(self, request: Request, name: str, after: str) -> Response:
        words = self._app.pages.speak(request)
        error = words("Too many people are signing in at this moment. Try again in a while.")
        response = await self._asked(request, name=name, after=after, error=error, status=503)
        response.headers["retry-after"] = str(_BUSY)
        return response

    # -- out -----------------------------------------------------------------------------------------------------------

    async def ask_to_leave(self, request: Request) -> Response:
        """Show the button; reading alone signs nobody out."""
        user = await self._user(request)
        if user is None:
            return RedirectResponse(SIGN_IN, 303)
        words = self._app.pages.speak(request)
        title, parts = words("Sign out"), sign_out_form(self._app.pages.kit, words, name=user.name)
        return await self._page(request, title, title, parts)

    async def sign_out(self, request: Request) -> Response:
        """End the session of this browser, with its streams on every node."""
        end(await read(request.session))
        return RedirectResponse("/", 303)

    # -- another password ----------------------------------------------------------------------------------------------

    async def ask_for_another(self, request: Request) -> Response:
        """Show the form for another password."""
        user = await self._user(request)
        if user is None:
            return RedirectResponse(sign_in_address(CHANGE_PASSWORD), 303)
        return await self._asked_for_another(request, user)

    async def change(self, request: Request) -> Response:
        """Take another password from whoever knows the present one, end every session, and ask for the new one."""
        user = await self._user(request)
        if user is None:
            return RedirectResponse(sign_in_address(CHANGE_PASSWORD), 303)
        sent, words = await _sent(request), self._app.pages.speak(request)
        browser = f"change~{user.id}"
        wait = self._limits.begin(user.id, "", browser)
        if wait > 0:
            wrong = words("Those were too many attempts. Try again in {count} seconds.", count=math.ceil(wait))
            return await self._asked_for_another(request, user, wrong=wrong, status=429)
        try:
            if not await self._accounts.fits(user, sent.get("old", "")):
                wrong = words("This is not your present password.")
                return await self._asked_for_another(request, user, wrong=wrong, status=422)
            await self._accounts.set_password(user, sent.get("new", ""))
        except UnfitPasswordError as error:
            self._limits.give_back(user.id, "", browser)
            return await self._asked_for_another(request, user, unfit=words(str(error)), status=422)
        end(await read(request.session))
        return RedirectResponse(SIGN_IN, 303)

    async def _asked_for_another(
        self, request: Request, user: User, *, wrong: str = "", unfit: str = "", status: int = 200
    ) -> Response:
        words = self._app.pages.speak(request)
        what = words("Change the password")
        title = words("Error: {what}", what=what) if wrong or unfit else what
        parts = change_form(self._app.pages.kit, words, name=user.name, wrong=wrong, unfit=unfit)
        return await self._page(request, title, what, parts, status)

    # -- both ----------------------------------------------------------------------------------------------------------

    async def _user(self, request: Request) -> User | None:
        return await self._accounts.of(signed_in(await read(request.session)))

    async def _page(
        self, request: Request, title: str, heading: str, parts: Sequence[Any], status: int = 200
    ) -> Response:
        pages = self._app.pages
        content = [pages.kit.heading(heading), pages.kit.section("", parts)]
        response = await pages.draw(request, title, content, status=status)
        response.headers["cache-control"] = "no-store"
        return response


async def _sent(request: Request) -> dict[str, str]:
    """Return what a form sent, the first value of each name; nothing when it is no form or has too many fields."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        return {}
    try:
        pairs = parse_qsl(
            (await request.body()).decode("ascii", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        return {}
    return dict(reversed(pairs))
