"""The application is found under its usual names, and a mistake is told by the line it is on."""

from __future__ import annotations

import sys
from textwrap import dedent

import pytest

from starmodel.adapters.fasthtml.server import AppFailedError, AppMissingError, load_application
from starmodel.core.errors import StarModelError

ASGI = """
    class App:
        async def __call__(self, scope, receive, send): ...
"""


@pytest.fixture
def load(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def load(code, target="own", **files):
        for name, text in {"own": code, **files}.items():
            (tmp_path / f"{name}.py").write_text(dedent(text))
        return load_application(target, tmp_path)

    yield load
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.parametrize(
    ("code", "target"),
    [
        ("app = App()", "own"),
        ("def create_app(): return App()", "own"),
        ("def create_app(debug=False, *more, **rest): return App()", "own"),
        ("app = App()\ndef create_app(): raise RuntimeError", "own"),
        ("web = App()", "own:web"),
        ("def make(): return App()", "own:make"),
        ("class site: web = App()", "own:site.web"),
        ("import functools\ndef make(debug): return App()\napp = functools.partial(make, True)", "own"),
        ("", "own:App"),
    ],
)
def test_an_application_is_found(load, code, target):
    assert type(load(dedent(ASGI) + code, target)).__name__ == "App"


def test_an_asgi_function_is_not_called_as_a_factory(load):
    assert load("async def app(scope, receive, send): ...").__name__ == "app"


def test_an_object_that_takes_anything_is_an_application_and_no_factory(load):
    code = "class Wide:\n    def __call__(self, *scope_receive_send): raise RuntimeError\napp = Wide()"
    assert type(load(code)).__name__ == "Wide"


def test_without_an_application_the_error_lists_what_there_is(load):
    with pytest.raises(AppMissingError) as caught:
        load("import sys\nfrom pathlib import Path\nclass Todo: ...\nshop = 1\n_hidden = 2")
    assert str(caught.value) == (
        "own has no app and no create_app; it has Todo, shop. "
        "Write `app = create_app(...)` in it, or name the application: starmodel run own:NAME"
    )
    assert isinstance(caught.value, StarModelError)


def test_a_misspelt_name_is_guessed(load):
    with pytest.raises(AppMissingError, match="own has no aap; did you mean 'app'"):
        load("app = 1", "own:aap")


def test_a_mistake_is_told_by_the_users_own_lines(load):
    with pytest.raises(AppFailedError) as caught:
        load("import json\nimport part\n", part="import json\n\ndef read():\n    json.loads('x')\n\nread()\n")
    assert str(caught.value) == (
        "own could not be loaded: json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)\n"
        "  own.py:2: import part\n"
        "  part.py:6: read()\n"
        "  part.py:4: json.loads('x')"
    )


def test_an_error_of_starmodel_speaks_for_itself(load):
    with pytest.raises(AppFailedError) as caught:
        load("from starmodel.core.errors import ConfigurationError\nraise ConfigurationError('DATABASE_URL is wrong')")
    assert str(caught.value).startswith("own could not be loaded: DATABASE_URL is wrong\n  own.py:2: raise")


def test_a_syntax_error_is_told_by_its_line(load):
    with pytest.raises(AppFailedError) as caught:
        load("x = 1\ndef broken(:\n    pass\n")
    assert str(caught.value).endswith("SyntaxError: invalid syntax\n  own.py:2: def broken(:")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise SystemExit('bye')", "SystemExit: bye"),
        ("import no_such_thing", "No module named 'no_such_thing'"),
        ("app = {}", "it is dict, not an application"),
        ("def create_app(settings): ...", "it needs settings; give each a default"),
        ("async def create_app(): ...", "write it `def`"),
        ("def create_app(): raise ValueError('no database')", "ValueError: no database\n  own.py:1: def create_app()"),
    ],
)
def test_what_cannot_be_served_is_told(load, code, words):
    with pytest.raises(AppFailedError) as caught:
        load(code)
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["starmodel", "fasthtml", "pytest"])
def test_a_file_with_the_name_of_an_installed_package_is_told(load, name):
    with pytest.raises(AppFailedError, match=f"{name}.py has the name of an installed package; rename the file"):
        load("", name, **{name: ASGI})


def test_a_module_that_is_not_there_is_told(load):
    with pytest.raises(AppFailedError, match="absent could not be loaded: ModuleNotFoundError"):
        load("", "absent")
