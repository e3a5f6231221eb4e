"""A file, a module or the project here: what a person may mean by the name of an application."""

from __future__ import annotations

import pytest

from starmodel.cli.errors import TargetNotFoundError
from starmodel.cli.target import find_target


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(text, folder, root=None):
    target = find_target(text, folder)
    return target.folder.relative_to(root or folder).as_posix(), target.reference


@pytest.mark.parametrize(
    ("files", "text", "expected"),
    [
        (["todo.py"], "todo.py", (".", "todo")),
        (["todo.py"], "./todo.py", (".", "todo")),
        (["todo.py"], "todo.py:web", (".", "todo:web")),
        (["todo.py"], "todo.py:site.web", (".", "todo:site.web")),
        (["todo.py"], "todo.py:", (".", "todo")),
        (["examples/todo.py"], "examples/todo.py", ("examples", "todo")),
        (["shop/__init__.py", "shop/main.py"], "shop/main.py", (".", "shop.main")),
        (["a/shop/__init__.py", "a/shop/web/__init__.py", "a/shop/web/m.py"], "a/shop/web/m.py", ("a", "shop.web.m")),
        (["app/main.py"], "app/main.py", (".", "app.main")),
        (["my-shop.py"], "my-shop.py", (".", "my-shop")),
        (["todo.py"], "todo", (".", "todo")),
        (["todo.py"], "todo:web", (".", "todo:web")),
        (["shop/main.py"], "shop.main:create_app", (".", "shop.main:create_app")),
        (["shop/main/__init__.py"], "shop.main", (".", "shop.main")),
        (["src/shop/main.py"], "shop.main", ("src", "shop.main")),
        (["shop/app/main.py"], "shop", ("shop", "app.main")),
        (["shop/main.py"], "shop:web", ("shop", "main:web")),
        (["app/main.py", "main.py", "app.py"], None, (".", "app.main")),
        (["main.py", "app.py"], None, (".", "main")),
        (["app.py"], None, (".", "app")),
        ([], "json.tool", (".", "json.tool")),
    ],
)
def test_an_application_is_found(project, files, text, expected):
    touch(project, *files)
    assert found(text, project) == expected


def test_an_absolute_path_is_found(project, tmp_path):
    touch(tmp_path, "elsewhere/todo.py")
    assert found(str(tmp_path / "elsewhere/todo.py:web"), project, tmp_path) == ("elsewhere", "todo:web")


def test_the_project_is_found_from_a_folder_in_it(project):
    touch(project, "app/main.py", "docs/deep/page.md")
    assert found(None, project / "docs/deep", project) == (".", "app.main")


def test_the_search_ends_at_the_root_of_the_project(project):
    touch(project.parent, "main.py")
    with pytest.raises(TargetNotFoundError, match=r"no app/main\.py, main\.py or app\.py in"):
        find_target(None, project)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tood.py", "there is no file tood.py; did you mean 'todo.py'?"),
        ("examples/todos.py", "there is no file examples/todos.py; did you mean 'examples/todo.py'?"),
        ("nowhere/todo.py", "there is no file nowhere/todo.py; there is no Python file in"),
        ("notes.txt/x", "there is no file notes.txt/x"),
        ("./notes.txt", "./notes.txt is not a Python file"),
        ("tood", "there is no module 'tood'"),
        ("tood", "did you mean 'todo'?"),
        ("examples.todos", "there is no module 'examples.todos'"),
        ("no_such_module.main", "there is no module 'no_such_module.main'"),
        ("to-do", "'to-do' is neither a file nor a module"),
        ("queue.py", "queue.py has the name of Python's own module 'queue'; rename the file"),
        ("examples", "no app/main.py, main.py or app.py in"),
        ("examples", "starmodel run todo.py"),
    ],
)
def test_what_is_not_there_is_told_with_a_guess(project, text, words):
    touch(project, "todo.py", "examples/todo.py", "queue.py", "notes.txt")
    with pytest.raises(TargetNotFoundError) as caught:
        find_target(text, project)
    assert words in str(caught.value)


def test_finding_a_module_imports_nothing(project, monkeypatch):
    monkeypatch.syspath_prepend(str(project))
    (project / "loud").mkdir()
    (project / "loud/__init__.py").write_text("raise SystemExit('imported')")
    touch(project, "loud/main.py")
    assert found("loud.main", project) == (".", "loud.main")
    with pytest.raises(TargetNotFoundError):
        find_target("loud.other", project)
