"""``starmodel init`` makes a whole project, or nothing; and never writes over what is there."""

from __future__ import annotations

import ast
import importlib
import json
import stat
import tomllib

import pytest

from starmodel.cli.errors import TemplateBrokenError
from starmodel.cli.scaffold import project_place, rendered, template_names
from starmodel.core.errors import StarModelError

LAYOUT = {
    *("pyproject.toml", ".env", ".env.example", ".gitignore", "README.md"),
    *("app/__init__.py", "app/entities.py", "app/views.py", "app/plugins/__init__.py", "app/settings.py"),
    *("app/main.py", "migrations/.gitkeep", "static/.gitkeep", "templates/.gitkeep"),
    *("tests/conftest.py", "tests/test_entities.py", "tests/test_pages.py"),
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_project_has_the_layout_and_says_how_to_go_on(cli, here):
    ended = cli("init", "shop")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "✔ Project scaffolded (FastHTML + MonsterUI + SQLite)\n$ cd shop && starmodel run\n"
    assert files(here / "shop") == LAYOUT
    assert [path.name for path in here.iterdir()] == ["shop"]


def test_a_project_can_be_made_further_down(cli, here):
    assert cli("init", "work/new/shop").out.endswith("$ cd work/new/shop && starmodel run\n")
    assert (here / "work/new/shop/app/main.py").is_file()


def test_each_project_has_a_secret_of_its_own_that_only_its_owner_can_read(cli, here):
    cli("init", "shop")
    cli("init", "other")
    texts = [(here / name / ".env").read_text() for name in ("shop", "other")]
    secrets = {line for text in texts for line in text.splitlines() if line.startswith("STARMODEL_SECRET=")}
    assert len(secrets) == 2
    assert all(len(secret) >= len("STARMODEL_SECRET=") + 64 for secret in secrets)
    assert stat.S_IMODE((here / "shop/.env").stat().st_mode) == 0o600
    assert ".env" in (here / "shop/.gitignore").read_text().splitlines()
    assert "DATABASE_URL=sqlite:///shop.db" in texts[0]
    assert "STARMODEL_SECRET=\n" in (here / "shop/.env.example").read_text()


@pytest.mark.parametrize("template", template_names())
def test_whatever_a_template_makes_can_be_read_by_python(template):
    words = {"name": "my_shop", "dashed": "my-shop", "title": "My shop", "secret": "s", "version": "1.2.0"}
    texts = rendered(template, words)
    for path, text in texts.items():
        if path.endswith(".py"):
            ast.parse(text, path)
    project = tomllib.loads(texts["pyproject.toml"])["project"]
    assert (project["name"], project["dependencies"]) == ("my-shop", ["starmodel[all]~=1.2.0"])
    assert not [path for path, text in texts.items() if "$" in text and path.endswith((".py", ".toml"))]


def test_tests_can_be_left_out(cli, here):
    cli("init", "shop", "--no-tests")
    assert files(here / "shop") == {name for name in LAYOUT if not name.startswith("tests/")}


def test_another_template_can_be_chosen(cli, here):
    assert cli("init", "shop", "--template", "minimal").code == 0
    assert not (here / "shop/app/views.py").exists()


def test_a_template_that_does_not_exist_is_told(cli, here):
    ended = cli("init", "shop", "--template", "defualt")
    assert (ended.code, ended.err) == (1, "✘ there is no template 'defualt'; did you mean 'default'?\n")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("my-shop", "for example 'my_shop'"),
        ("9lives", "for example 'shop'"),
        ("_shop", "begin with a letter"),
        ("läden", "letters, digits and _"),
        ("class", "a word of Python itself"),
        ("match", "a word of Python itself"),
        ("json", "Python or the project has a module of this name"),
        ("tests", "Python or the project has a module of this name"),
        ("pytest", "an installed package has this name"),
        ("x" * 51, "it has 51 characters"),
        ("  ", "it is empty"),
        ("path/to/my shop", "for example 'my_shop'"),
    ],
)
def test_a_name_that_would_get_into_the_way_is_refused(cli, here, name, words):
    ended = cli("init", name)
    assert ended.code == 1
    assert words in ended.err
    assert "choose another name" in ended.err
    assert list(here.iterdir()) == []


def test_the_name_of_a_folder_at_hand_is_no_installed_package(here, monkeypatch):
    (here / "shop").mkdir()
    monkeypatch.syspath_prepend(str(here))
    assert project_place("shop", here).folder == here / "shop"


def test_a_folder_somewhere_on_the_path_is_no_installed_package(here, monkeypatch, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "shop").mkdir()
    monkeypatch.syspath_prepend(str(elsewhere))
    assert project_place("shop", here).name == "shop"
    (elsewhere / "shop/__init__.py").touch()
    importlib.invalidate_caches()
    with pytest.raises(StarModelError, match="an installed package has this name"):
        project_place("shop", here)


def test_the_title_is_the_name_as_people_read_it(here):
    assert project_place("my_shop", here).title == "My shop"


def test_an_empty_folder_is_filled(cli, here, monkeypatch):
    (here / "shop").mkdir()
    monkeypatch.chdir(here / "shop")
    assert cli("init", "../shop").code == 0
    assert files(here / "shop") == LAYOUT


def test_a_folder_that_holds_something_is_left_alone(cli, here):
    (here / "shop/docs").mkdir(parents=True)
    (here / "shop/notes.txt").write_text("mine")
    ended = cli("init", "shop")
    assert ended.code == 1
    assert "holds docs, notes.txt; choose another name, or add --force" in ended.err
    assert files(here / "shop") == {"notes.txt"}


def test_a_file_in_the_place_is_told(cli, here):
    (here / "shop").touch()
    assert "shop is a file; choose another name\n" in cli("init", "shop", "--force").err


def test_force_keeps_what_was_there(cli, here):
    cli("init", "shop")
    secret = (here / "shop/.env").read_text()
    (here / "shop/app/entities.py").write_text("# mine")
    (here / "shop/notes.txt").write_text("mine")
    ended = cli("init", "shop", "--force", "--json")
    document = json.loads(ended.out)
    assert document["replaced"] == ["app/entities.py"]
    assert "class Task" in (here / "shop/app/entities.py").read_text()
    assert (here / "shop/notes.txt").read_text() == "mine"
    assert (here / "shop/.env").read_text() == secret
    (backup,) = (here / "shop/.starmodel").glob("replaced-*/app/entities.py")
    assert backup.read_text() == "# mine"
    assert str(backup).startswith(document["backup"])


def test_nothing_half_written_is_left_when_a_write_fails(cli, here, monkeypatch):
    from starmodel.cli.scaffold import placing

    def full_disk(draft, texts):
        (draft / "README.md").write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(placing, "_write", full_disk)
    ended = cli("init", "shop")
    assert ended.code == 1
    assert "nothing was written into" in ended.err
    assert "No space left on device" in ended.err
    assert list(here.iterdir()) == []


def test_a_word_that_nobody_gave_is_an_error():
    with pytest.raises(TemplateBrokenError, match=r"'default' cannot be used: .*: it asks for \$\w+, which nobody"):
        rendered("default", {"name": "shop"})


def test_every_refusal_is_one_that_starmodel_raises_on_purpose(here):
    with pytest.raises(StarModelError):
        project_place("json", here)
