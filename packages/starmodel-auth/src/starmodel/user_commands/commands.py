"""The commands about users: each loads the project's application, and does one thing by a command of an entity."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeAlias

import typer

from starmodel.adapters.auth import Accounts, PasswordHashing, User
from starmodel.app import Application
from starmodel.cli.options import App, Json
from starmodel.cli.project import open_project
from starmodel.cli.terminal import say, say_json, table
from starmodel.core.actors import Actor
from starmodel.core.errors import ConfigurationError

from .asking import new_password

__all__ = ["add", "disable", "enable", "list_users", "password", "roles", "user"]

OPERATOR = Actor("cli", trusted=True)

user = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Say who may sign in, and as what.",
)

Name: TypeAlias = Annotated[str, typer.Argument(help="The user's name.")]


@user.command("add")
def add(
    name: Name,
    *,
    role: Annotated[list[str] | None, typer.Option(help="A role that they have; may be given several times.")] = None,
    app: App = None,
) -> None:
    """Let somebody sign in; asks for their password, or takes it from the environment."""
    application = _application(app)
    secret = new_password(name)
    made = _run(application, lambda accounts: accounts.add(name, secret, role or []))
    say(f"{made.name} may sign in{_as(made)}.")


@user.command("list")
def list_users(*, app: App = None, json: Json = False) -> None:
    """List who may sign in, and as what."""
    users: list[User] = _run(_application(app), lambda accounts: accounts.all())
    if json:
        say_json([{"id": one.id, "name": one.name, "roles": one.roles, "disabled": one.disabled} for one in users])
    elif users:
        rows = [[one.name, ", ".join(one.roles), "may not sign in" if one.disabled else "", one.id] for one in users]
        table(["User", "Roles", "", "Id"], rows)
    else:
        say("There is no user yet; make one: starmodel user add NAME")


@user.command("roles")
def roles(
    name: Name,
    wanted: Annotated[list[str] | None, typer.Argument(metavar="[ROLE]...", help="All the roles they have.")] = None,
    *,
    app: App = None,
) -> None:
    """Give exactly these roles, none without any; who is signed in has to sign in again."""
    changed = _change(app, name, lambda accounts, found: accounts.set_roles(found, wanted or []))
    say(f"{changed.name} has {'the roles ' + ', '.join(changed.roles) if changed.roles else 'no role'} now.")


@user.command("password")
def password(name: Name, *, app: App = None) -> None:
    """Set another password; who is signed in has to sign in again."""
    application = _application(app)
    secret = new_password(name)
    changed = _change(application, name, lambda accounts, found: accounts.set_password(found, secret))
    say(f"{changed.name} has another password now, and is signed out everywhere.")


@user.command("disable")
def disable(name: Name, *, app: App = None) -> None:
    """Let somebody sign in no more, and end what they have open."""
    changed = _change(app, name, lambda accounts, found: accounts.disable(found))
    say(f"{changed.name} cannot sign in any more, and is signed out everywhere.")


@user.command("enable")
def enable(name: Name, *, app: App = None) -> None:
    """Let somebody sign in again."""
    changed = _change(app, name, lambda accounts, found: accounts.enable(found))
    say(f"{changed.name} may sign in again{_as(changed)}.")


def _change(app: Application | str | None, name: str, change: Callable[[Accounts, User], Awaitable[None]]) -> User:
    async def changed(accounts: Accounts) -> User:
        found = await accounts.get(name)
        await change(accounts, found)
        return await accounts.get(name)

    result: User = _run(app if isinstance(app, Application) else _application(app), changed)
    return result


def _run(application: Application, work: Callable[[Accounts], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        hashing = PasswordHashing()
        try:
            async with application:
                return await work(Accounts(application, hashing, by=OPERATOR))
        finally:
            hashing.close()

    return asyncio.run(run())


def _application(app: str | None) -> Application:
    """Return the project's application; ConfigurationError where nobody can sign in, or it would be forgotten."""
    application = open_project(app).application
    if User not in application.catalog:
        raise ConfigurationError(
            "nobody can sign in to this application yet: set STARMODEL_AUTH=password, or say "
            'create_app(..., auth="password")'
        )
    if application.persistence.for_class(User).single_process:
        raise ConfigurationError(
            f"users are kept in the store {application.persistence.name_for(User)!r}, which ends with each process; "
            f"set STARMODEL_STORE=sql, or keep an entity in a store that lasts."
        )
    return application


def _as(user: User) -> str:
    return f" as {', '.join(user.roles)}" if user.roles else ""
