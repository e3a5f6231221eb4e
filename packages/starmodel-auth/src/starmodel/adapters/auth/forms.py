"""What stands on the pages of signing in, drawn by the application's own kit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starmodel.core.ui import Field, Link

from .places import CHANGE_PASSWORD, SIGN_IN, SIGN_OUT
from .rules import LONGEST_NAME, LONGEST_PASSWORD, SHORTEST_PASSWORD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starmodel.core.ui import UIAdapter

    from .web import Speak

__all__ = ["change_form", "sign_in_form", "sign_out_form"]


def sign_in_form(
    kit: UIAdapter, words: Speak, *, name: str = "", after: str = "/", error: str = "", wrong: str = ""
) -> list[Any]:
    """Return the form for name and password; after an *error* the keyboard is where the password goes.

    What is *wrong* with the password is said there, and nowhere else.
    """
    has_failed = bool(error or wrong)
    fields = [
        Field(
            id="sm-user-name",
            name="name",
            label=words("User name"),
            value=name,
            required=True,
            attributes={
                "autocomplete": "username",
                "autocapitalize": "none",
                "spellcheck": "false",
                "maxlength": str(LONGEST_NAME),
                "autofocus": not has_failed,
            },
        ),
        _password("sm-user-password", "password", words("Password"), "current-password", wrong, autofocus=has_failed),
        Field(id="sm-user-next", name="next", label="", widget="hidden", value=after),
    ]
    button = kit.button(words("Sign in"), {"type": "submit"}, tone="primary", icon="log-in")
    return [
        *_alert(kit, words("You are not signed in"), error or wrong, at_field=bool(wrong)),
        _form(kit, fields, [button], SIGN_IN),
    ]


def change_form(kit: UIAdapter, words: Speak, *, name: str, wrong: str = "", unfit: str = "") -> list[Any]:
    """Return the form for another password: *wrong* is said of the old one, *unfit* of the new one."""
    told = words("At least {count} characters: a few words are easy to remember.", count=SHORTEST_PASSWORD)
    user = Field(
        id="sm-user-name",
        name="name",
        label=words("User name"),
        value=name,
        attributes={"autocomplete": "username", "readonly": True},
    )
    old = _password("sm-old-password", "old", words("Present password"), "current-password", wrong, autofocus=not unfit)
    new = _password("sm-new-password", "new", words("New password"), "new-password", unfit, told, autofocus=bool(unfit))
    button = kit.button(words("Change the password"), {"type": "submit"}, tone="primary")
    alert = _alert(kit, words("The password was not changed"), wrong or unfit, at_field=True)
    return [*alert, _form(kit, [user, old, new], [button], CHANGE_PASSWORD)]


def sign_out_form(kit: UIAdapter, words: Speak, *, name: str) -> list[Any]:
    """Return the button that signs out, and the way to another password."""
    button = kit.button(words("Sign out"), {"type": "submit", "autofocus": True}, tone="primary", icon="log-out")
    change = kit.link(Link(label=words("Change the password"), href=CHANGE_PASSWORD), tone="default")
    facts = kit.facts([(words("User name"), name)])
    return [facts, _form(kit, [], [button, change], SIGN_OUT)]


def _password(
    id: str, name: str, label: str, kind: str, error: str, told: str = "", *, autofocus: bool = False
) -> Field:
    return Field(
        id=id,
        name=name,
        label=label,
        widget="password",
        required=True,
        help=told,
        errors=[error] if error else [],
        attributes={"autocomplete": kind, "maxlength": str(LONGEST_PASSWORD), "autofocus": autofocus},
    )


def _alert(kit: UIAdapter, title: str, error: str, *, at_field: bool) -> list[Any]:
    """Return what stands above a form after an *error*, without the reason where that is told *at* its *field*."""
    return [kit.alert(title, "" if at_field else error, level="error")] if error else []


def _form(kit: UIAdapter, fields: Sequence[Field], actions: Sequence[Any], action: str) -> Any:
    return kit.form([kit.field(one) for one in fields], actions, attributes={"action": action, "method": "post"})
