"""A person names a module's application; the application itself may be some layers below it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from starmodel.app import application_in
from starmodel.testing import application


@pytest.mark.parametrize(
    "wrap",
    [
        lambda app: app,
        lambda app: SimpleNamespace(application=app),
        lambda app: SimpleNamespace(app=SimpleNamespace(app=SimpleNamespace(application=app))),
    ],
)
def test_the_application_is_found_below_what_is_around_it(wrap):
    app = application()
    assert application_in(wrap(app)) is app


@pytest.mark.parametrize("found", [None, 1, "app", SimpleNamespace(app=None), SimpleNamespace(application=1)])
def test_what_has_no_application_has_none(found):
    assert application_in(found) is None
