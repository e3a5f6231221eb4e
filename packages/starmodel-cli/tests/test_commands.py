"""Commands come from whatever is installed, and only the one that runs is imported."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from importlib import import_module
from importlib.metadata import distribution

import pytest
import typer

from starmodel.cli.catalog import GROUP, OWN_HELP

GREET = """
    def greet(name: str = "you"):
        "Greet somebody."
        print("hello", name)
"""


def own_entry_points():
    return {point.name: point for point in distribution("starmodel-cli").entry_points if point.group == GROUP}


def test_the_table_of_help_has_exactly_our_own_commands():
    assert OWN_HELP.keys() == own_entry_points().keys()


@pytest.mark.parametrize("name", OWN_HELP)
def test_the_table_of_help_says_what_the_command_says_itself(name):
    command = own_entry_points()[name].load()
    said = command.info.help if isinstance(command, typer.Typer) else inspect.getdoc(command).splitlines()[0]
    assert said == OWN_HELP[name]


def test_help_lists_the_commands_of_every_package_with_its_summary(cli, install):
    install("greeter", GROUP, "greet = greeter:greet", "raise SystemExit('imported')", summary="Greets people.")
    ended = cli("--help")
    assert ended.code == 0
    assert all(name in ended.out and text in ended.out for name, text in OWN_HELP.items())
    assert "Greets people." in ended.out


def test_a_function_of_another_package_is_a_command(cli, install):
    install("greeter", GROUP, "greet = greeter:greet", GREET)
    assert cli("greet", "--name", "Ada").out == "hello Ada\n"


def test_a_typer_of_another_package_is_a_group_of_commands(cli, install):
    code = """
        import typer
        talk = typer.Typer()

        @talk.command()
        def hello(): print("hello")

        @talk.command()
        def bye(): print("bye")
    """
    install("talker", GROUP, "talk = talker:talk", code)
    assert cli("talk", "bye").out == "bye\n"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import no_such_module", "No module named 'no_such_module'"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("greet = 1", "it is neither a typer.Typer nor a function"),
    ],
)
def test_a_broken_command_is_told_without_a_traceback(cli, install, code, words):
    install("greeter", GROUP, "greet = greeter:greet", code)
    ended = cli("greet")
    assert ended.code == 1
    assert "the command 'greet' of greeter cannot be used" in ended.err
    assert words in ended.err
    assert "Traceback" not in ended.err


def test_a_broken_command_does_not_hurt_the_others(cli, install):
    install("greeter", GROUP, "greet = greeter:greet", "1 / 0")
    assert cli("version").code == 0


def test_another_package_cannot_take_over_a_command_of_ours(cli, install):
    install("aaa", GROUP, "version = aaa:greet", GREET, summary="Evil.")
    assert "hello" not in cli("version").out
    assert "Evil." not in cli("--help").out


def test_two_packages_with_one_command_are_told(cli, install):
    install("one", GROUP, "greet = one:greet", GREET)
    install("two", GROUP, "greet = two:greet", GREET)
    ended = cli("greet")
    assert (ended.code, ended.err) == (1, "✘ one and two both offer the command 'greet'; uninstall one\n")


def test_a_misspelt_command_is_a_mistake_of_usage(cli):
    ended = cli("versoin")
    assert ended.code == 2
    assert "there is no command 'versoin'; did you mean 'version'?" in ended.err


def test_a_wrong_option_is_a_mistake_of_usage(cli):
    assert cli("run", "--port", "many").code == 2


def test_completion_does_not_stumble_over_a_command_that_is_not_there():
    env = {**os.environ, "_STARMODEL_COMPLETE": "complete_bash", "COMP_WORDS": "starmodel nope x", "COMP_CWORD": "2"}
    command = [sys.executable, "-m", "starmodel.cli"]
    ended = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_versions_are_listed(cli):
    listed = cli("version").out.splitlines()
    ours = {f"{name} {distribution(name).version}" for name in ("starmodel-cli", "starmodel-core", "starmodel-plugins")}
    assert ours <= set(listed)
    assert cli("--version").out == cli("version").out


def test_versions_are_written_as_json(cli):
    document = json.loads(cli("version", "--json").out)
    assert document["packages"]["starmodel-cli"] == distribution("starmodel-cli").version
    assert document["python"].startswith("3.")


HELP = """
import sys
from starmodel.cli import main
sys.argv = ["starmodel", "--help"]
try:
    main()
except SystemExit:
    print(*sorted(sys.modules))
"""


def test_help_imports_no_adapter_and_nothing_slow():
    ended = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=True)
    modules = ended.stdout.splitlines()[-1].split()
    assert "starmodel.cli.application" in modules
    ours = [name for name in modules if name.startswith(("starmodel.adapters", "starmodel.plugins", "starmodel.app"))]
    slow = {"fasthtml", "starlette", "uvicorn", "pydantic", "sqlalchemy", "pluggy", "tomlkit", "rich"} & set(modules)
    assert (ours, slow) == ([], set())


EVERY = """
import sys
from starmodel.cli.catalog import OWN_HELP, CommandCatalog
for name in OWN_HELP:
    CommandCatalog().load(name)
print(*sorted(sys.modules))
"""


def test_no_command_imports_an_adapter_before_it_runs():
    ended = subprocess.run([sys.executable, "-c", EVERY], capture_output=True, text=True, check=True)
    modules = ended.stdout.split()
    assert "starmodel.cli.commands.check" in modules
    adapters = [name for name in modules if name.startswith(("starmodel.adapters", "starmodel.bootstrap"))]
    heavy = {"fasthtml", "starlette", "uvicorn", "sqlalchemy", "alembic", "IPython", "rich"} & set(modules)
    assert (adapters, heavy) == ([], set())


@pytest.mark.parametrize("asked", [["--help"], ["plugin", "list"]], ids=["help", "plugin list"])
def test_with_ten_adapters_it_takes_a_quarter_of_a_second_and_imports_none(install, asked):
    resource = pytest.importorskip("resource", reason="processor time as POSIX measures it")
    for number in range(10):
        name = f"driver{number}"
        site = install(
            name, "starmodel.persistence", f"{name} = {name}:Repo", "raise SystemExit('a driver was imported')"
        )
    environ = {**os.environ, "PYTHONPATH": str(site), "PYTHONPYCACHEPREFIX": str(site / "bytecode")}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed is compiled, by the first call at the latest

    def took():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "starmodel.cli", *asked]
        said = subprocess.run(command, capture_output=True, check=True, cwd=site, env=environ, text=True).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert ("driver9" in said) is (asked != ["--help"])
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    # Processor time, the best of four: what else the machine does is not its fault.
    assert min(took() for _ in range(4)) <= 0.25


def test_the_modules_of_the_commands_can_be_imported_on_their_own():
    for name in OWN_HELP:
        import_module(f"starmodel.cli.commands.{name}")
