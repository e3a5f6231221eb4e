"""Code that is handed no application finds the one that is open, and hears when there is none or more than one."""

from __future__ import annotations

import pytest

from starmodel.app import Application, application_of
from starmodel.core import Entity
from starmodel.core.errors import ConfigurationError, StoreError
from starmodel.testing import PlainCodec


class Todo(Entity):
    title: str = ""


class Other(Entity):
    pass


def new_app(*kinds, **options):
    return Application(kinds or [Todo], codec=PlainCodec(), **options)


async def test_the_open_application_that_keeps_a_class_is_found():
    async with new_app(Todo) as app, new_app(Other) as other:
        assert application_of(Todo) is app
        assert application_of(Other) is other


async def test_without_one_the_error_says_what_to_do():
    app = new_app()
    with pytest.raises(ConfigurationError, match="no application that is open keeps Todo; open one around the call"):
        application_of(Todo)
    async with app:
        assert application_of(Todo) is app
    with pytest.raises(ConfigurationError, match="no application"):
        application_of(Todo)


async def test_of_several_one_must_be_named():
    async with new_app(), new_app():
        with pytest.raises(ConfigurationError, match="2 open applications keep Todo; say which one"):
            application_of(Todo)


async def test_an_application_that_could_not_open_is_not_found():
    class Unreachable:
        single_process = True

        async def open(self, _kinds=(), /):
            raise StoreError("no database")

        async def close(self):
            pass

    app = new_app(stores={"memory": Unreachable()})
    with pytest.raises(StoreError):
        await app.open()
    with pytest.raises(ConfigurationError, match="no application"):
        application_of(Todo)
