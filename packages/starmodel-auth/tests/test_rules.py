"""Names are compared as people do; passwords are long, may be anything, and are none that everybody tries first."""

from __future__ import annotations

import pytest

from starmodel.adapters.auth import UnfitNameError, UnfitPasswordError
from starmodel.adapters.auth.places import own_path, sign_in_address
from starmodel.adapters.auth.rules import checked_name, checked_password, checked_roles, key_of


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ada", "ADA"), ("Straße", "STRASSE"), ("ﬁona", "FIONA"), ("\uff21da", "ada"), ("é", "e\u0301"), ("ada ", "Ada")],
)
def test_names_that_look_the_same_are_the_same(one, other):
    assert key_of(one) == key_of(other)


def test_names_that_differ_are_not_the_same():
    assert key_of("ada") != key_of("ado")


@pytest.mark.parametrize("name", ["", " ", "a" * 129, "a\nb", "a b", "a\u200bb", "a\u202eb", "a\x00"])
def test_a_name_that_nobody_can_type_again_is_refused(name):
    with pytest.raises(UnfitNameError):
        checked_name(name)


@pytest.mark.parametrize("name", ["ada", "ada@example.org", "Ådå_7", "आदित्य", "आ", "李"])
def test_a_name_may_be_of_any_script(name):
    assert key_of(checked_name(name)) == key_of(name)


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "fourteen chars",
        "passwordpassword",
        "password1234567890",
        "aaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "abcdefghijklmnopqrs",
        "qwertyuiopasdfghjkl",
        "correct horse battery staple",
        "ada-lovelace-ada-lovelace",
        "adalovelace12345",
        "a" * 1025,
        "some words\0for ada",
        "\ud800 some words for ada",
    ],
)
def test_a_password_that_is_tried_first_or_cannot_be_typed_is_refused(password):
    with pytest.raises(UnfitPasswordError):
        checked_password(password, "ada-lovelace" if "ada-" in password else "adalovelace")


@pytest.mark.parametrize(
    "password",
    ["violets under the stairs", "пароль из многих слов", "7 ways to Rome.", "🐢🦆🐙🦊🐝🐌🦔🐡🦭🐫🦩🐳🦚🐧🦇"],
)
def test_a_password_may_be_of_any_letters(password):
    assert checked_password(password, "ada") == password


def test_a_password_is_the_same_however_its_letters_are_composed():
    assert checked_password("cafe\u0301 au lait and so on", "ada") == checked_password("café au lait and so on", "ada")


def test_roles_are_names_in_order_and_each_once():
    assert checked_roles(["editor", "admin", "editor"]) == ["admin", "editor"]
    with pytest.raises(UnfitNameError):
        checked_roles(["an editor"])


@pytest.mark.parametrize("path", ["/", "/note", "/note?order=-text&after=a%20b", "/a/b/c"])
def test_an_address_of_our_own_is_gone_back_to(path):
    assert own_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        *(
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "\t//evil.example",
            "/\t/evil",
        ),
        *(
            "evil",
            "",
            "/login",
            "/login?next=/login",
            "/logout",
            "/a\r\nSet-Cookie: x=1",
            "/\u2215evil",
            "/" + "a" * 2000,
        ),
    ],
)
def test_no_other_address_is_gone_to(path):
    assert own_path(path) == "/"
    assert sign_in_address(path) == "/login"
