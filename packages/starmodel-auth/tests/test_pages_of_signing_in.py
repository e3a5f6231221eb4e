"""Signing in and out on the pages themselves, as somebody with a browser does it."""

from __future__ import annotations

import pytest
from fasthtml.common import P

from starmodel.adapters.fasthtml.testing import Client

PASSWORD = "a few words for ada"


@pytest.fixture
async def visit(app):
    @app.get("/mine")
    async def mine(request):
        actor = await app.runtime.actor(request.scope)
        return P("known" if actor.is_signed_in else "a stranger")

    client = Client(app)
    yield client.open
    await client.close()


async def test_somebody_signs_in_by_the_form_and_out_again(visit):
    page = await visit("/mine")
    assert page.text == "a stranger"
    await page.go("/login?next=/mine")
    await page.fill("User name", "ada")
    await page.fill("Password", "not it")
    refused = await page.click("Sign in", beside="Password")
    assert refused.status == 403
    await page.fill("Password", PASSWORD)
    await page.click("Sign in", beside="Password")
    assert (page.path, page.text) == ("/mine", "known")
    await page.go("/logout")
    await page.click("Sign out", within="#sm-content")
    await page.go("/mine")
    assert page.text == "a stranger"
