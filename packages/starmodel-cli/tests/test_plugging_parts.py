"""The parts that plugins are added by: names, places, records, settings."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from starmodel.cli.plugging import (
    Place,
    PluginEnvironmentError,
    PluginProjectError,
    PluginSourceError,
    Record,
    RegistryError,
    Setting,
    Source,
    bundled_registry,
    find_place,
    named_source,
    project_registry,
    schema_of_registries,
)
from starmodel.cli.plugging.examples import with_settings, without_settings
from starmodel.cli.plugging.inspecting import Distribution, needed_by
from starmodel.cli.plugging.installers import Installer

PACKAGES = Path(__file__).parents[2]


def test_the_schema_of_registries_is_one():
    import fastjsonschema

    fastjsonschema.compile_to_code(schema_of_registries())


def test_every_bundled_name_stands_for_a_package_of_ours_and_an_extra_that_it_has():
    for entry in bundled_registry().values():
        file = PACKAGES / entry.distribution / "pyproject.toml"
        if PACKAGES.name == "packages":  # as in the repository; the wheel's tests run elsewhere as well
            extras = tomllib.loads(file.read_text())["project"].get("optional-dependencies", {})
            assert set(entry.extras) <= extras.keys()
        assert not entry.version, "ours have the version of the core"


def registry(folder, **plugins):
    (folder / "starmodel-plugins.json").write_text(json.dumps({"version": 1, "plugins": plugins}))
    return project_registry(folder)


WEATHER = {"distribution": "acme-weather", "summary": "The weather beside every event"}


def test_the_registry_of_a_project_adds_names_and_wins(tmp_path):
    known = registry(tmp_path, weather=WEATHER, redis={**WEATHER, "distribution": "own-redis"})
    assert known["weather"].distribution == "acme-weather"
    assert known["redis"].distribution == "own-redis"
    assert "sql" in known


@pytest.mark.parametrize(
    ("plugin", "why"),
    [
        ({"summary": "Without a distribution"}, "distribution"),
        ({**WEATHER, "distribution": "a b; rm -rf"}, "pattern"),
        ({**WEATHER, "version": "latest"}, "pattern"),
        ({**WEATHER, "colour": "red"}, "colour"),
        ({**WEATHER, "settings": [{"name": "lower", "doc": "x"}]}, "pattern"),
    ],
)
def test_a_registry_with_a_mistake_says_where(tmp_path, plugin, why):
    with pytest.raises(RegistryError, match=why):
        registry(tmp_path, weather=plugin)


def test_a_registry_that_is_no_json_says_so(tmp_path):
    (tmp_path / "starmodel-plugins.json").write_text("{")
    with pytest.raises(RegistryError, match="mend it"):
        project_registry(tmp_path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("redis-cahce", "did you mean 'redis-cache'"),
        ("requests", "no registry has a plugin 'requests'"),
        ("starmodel-rest", "its short name is rest"),
        ("Starmodel_Redis", "its short name is redis or redis-cache"),
        ("redis==1.0", "write the short name alone"),
        ("redis[extra]", "write the short name alone"),
        ("-r requirements.txt", "no registry"),
        ("--index-url=x", "more than a name"),
        ("git+ssh:somewhere", "is an address"),
        ("./nowhere", "no folder or wheel"),
        ("nowhere.whl", "no wheel"),
        ("", "no registry"),
    ],
)
def test_nothing_but_a_known_name_or_a_path_is_a_source(tmp_path, text, why):
    with pytest.raises(PluginSourceError, match=why.replace("[", r"\[")):
        named_source(text, bundled_registry(), tmp_path)


def test_a_folder_is_a_source_by_the_name_in_its_pyproject(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own/pyproject.toml").write_text('[project]\nname = "own-plugin"\n')
    found = named_source("./own", {}, tmp_path)
    assert (found.distribution, found.path) == ("own-plugin", tmp_path / "own")
    (tmp_path / "own/pyproject.toml").write_text("[project]\n")
    with pytest.raises(PluginSourceError, match="give it one"):
        named_source("./own", {}, tmp_path)


def environment(folder):
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").touch()
    (folder / "pyvenv.cfg").touch()
    return folder


def place(folder, text="", tool="pip"):
    (folder / "pyproject.toml").write_bytes(text.encode())
    return Place(folder, folder, tool, folder / ".venv")


def test_the_environment_of_a_project_is_its_own_and_not_the_active_one(tmp_path):
    place(tmp_path)
    own, active = environment(tmp_path / ".venv"), environment(tmp_path / "active")
    assert find_place(tmp_path, {"VIRTUAL_ENV": str(active)}).environment == own


def test_without_one_of_its_own_the_active_environment_is_taken_and_never_that_of_this_program(tmp_path):
    place(tmp_path)
    active = environment(tmp_path / "active")
    assert find_place(tmp_path, {"VIRTUAL_ENV": str(active)}).environment == active
    with pytest.raises(PluginEnvironmentError, match=r"python -m venv \.venv"):
        find_place(tmp_path, {})


def test_an_environment_of_the_whole_machine_is_refused(tmp_path):
    place(tmp_path)
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/python3").touch()
    with pytest.raises(PluginEnvironmentError, match="belongs to the whole machine"):
        find_place(tmp_path, {}, str(tmp_path / "usr/bin/python3"))


def test_outside_of_a_project_there_is_nothing_to_change(tmp_path):
    with pytest.raises(PluginProjectError, match="starmodel init"):
        find_place(tmp_path, {})


def test_a_lock_says_which_tool_a_project_is_managed_with(tmp_path, monkeypatch):
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "uv").touch(0o755)
    monkeypatch.setenv("PATH", str(tools))
    place(tmp_path, "[tool.uv]\n")
    with pytest.raises(PluginEnvironmentError, match="uv sync"):
        find_place(tmp_path, {})
    environment(tmp_path / ".venv")
    assert find_place(tmp_path, {}).tool == "uv"
    (tmp_path / "poetry.lock").touch()
    with pytest.raises(PluginEnvironmentError, match="poetry, which is not on PATH"):
        find_place(tmp_path, {})


SHOP = '# mine\r\n[project]\r\nname = "shop"\r\ndependencies = ["a"] # few\r\n'
REDIS = Source("redis", "starmodel-redis", specifier="~=0.1.0", short="redis")


def own(folder):
    return Source("./own", "own-plugin", path=folder / "plugins/own")


def test_what_is_noted_and_forgotten_again_leaves_every_byte_as_it_was(tmp_path):
    record = Record(place(tmp_path, SHOP))
    record.add(REDIS, REDIS.requirement)
    record.enable(["one", "two"])
    record.write()
    assert (
        'dependencies = ["a", "starmodel-redis~=0.1.0"] # few\r\n'
        in (tmp_path / "pyproject.toml").read_bytes().decode()
    )
    again = Record(place(tmp_path, record.text()))
    assert again.plugins == ("one", "two")
    assert again.sources == {"starmodel-redis": {"name": "redis"}}
    again.disable(["one", "two"])
    again.remove("starmodel-redis")
    assert again.text() == SHOP


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        ("pip", {"project": ["a"], "tool": None}),
        ("uv", {"project": ["a", "own-plugin"], "tool": {"sources": {"own-plugin": {"path": "plugins/own"}}}}),
        ("pdm", {"project": ["a", "own-plugin @ file:///${PROJECT_ROOT}/plugins/own"], "tool": None}),
        ("poetry", {"project": ["a"], "tool": {"dependencies": {"own-plugin": {"path": "plugins/own"}}}}),
    ],
)
def test_a_path_is_noted_where_each_tool_looks_for_it_and_never_as_a_bare_name(tmp_path, tool, expected):
    record = Record(place(tmp_path, SHOP, tool))
    record.add(own(tmp_path), "own-plugin")
    document = tomllib.loads(record.text())
    assert document["project"]["dependencies"] == expected["project"]
    assert document["tool"].get(tool) == expected["tool"]
    assert document["tool"]["starmodel"]["sources"] == {"own-plugin": {"path": "plugins/own"}}
    record.remove("Own_Plugin")
    assert record.text() == SHOP


def test_a_project_without_dependencies_of_its_own_keeps_the_requirement_with_the_source(tmp_path):
    record = Record(place(tmp_path, "[tool.black]\n"))
    record.add(REDIS, REDIS.requirement)
    assert record.sources["starmodel-redis"]["requirement"] == "starmodel-redis~=0.1.0"


def test_a_pyproject_that_cannot_be_read_is_not_touched(tmp_path):
    with pytest.raises(PluginProjectError, match="mend it"):
        Record(place(tmp_path, "[project"))


def test_settings_come_to_the_end_of_the_example_and_go_again():
    before = "A=1\n# B=2\n"
    settings = [
        Setting("A", "There already."),
        Setting("B", "There as a comment."),
        Setting("C", "Two\nlines", default="x\nEVIL=1"),
        Setting("D", "A secret.", default="hush", secret=True, required=True),
        Setting("D", "Said twice."),
    ]
    after = with_settings(before, "own", settings)
    added = "# plugin own: what it is set by\n# Two lines\n# C=x EVIL=1\n\n# A secret.\nD=\n# end of plugin own\n"
    assert after == f"{before}\n{added}"
    assert without_settings(after, "own") == before
    assert without_settings(after + "E=1\n", "own") == before + "E=1\n"
    assert with_settings(before, "own", settings[:2]) == before
    assert without_settings(with_settings("", "own", settings), "own") == ""


def installed(**requires):
    return {
        name: Distribution(name, "1", "", tuple(lines), asked_for=False, offers={}, modules=())
        for name, lines in requires.items()
    }


def test_what_somebody_needs_is_found_through_extras_and_markers():
    known = installed(a=["b[x]", "gone"], b=["c; extra == 'x'", "d; extra == 'y'", "e; python_version < '3'"])
    known |= installed(c=[], d=[], e=[])
    assert needed_by(["a"], known) == {"a", "b", "c"}
    assert needed_by(["b"], known) == {"b"}


@pytest.mark.parametrize(
    "arguments", [("add", "redis-cahce"), ("add", "redis", "--json"), ("remove", "redis"), ("sync",)]
)
def test_every_command_wants_an_environment_for_sure(cli, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    (tmp_path / "pyproject.toml").touch()
    ended = cli("plugin", *arguments)
    assert ended.code == 1
    assert "has no environment in .venv" in ended.err


def test_a_change_that_was_cut_short_is_put_back_by_whatever_is_asked_next(cli, tmp_path, monkeypatch):
    from starmodel.cli.plugging import changing

    monkeypatch.chdir(tmp_path)
    file = tmp_path / "pyproject.toml"
    file.write_text("[project]\n")
    changing._begin(tmp_path, None, [file])
    journal = tmp_path / ".starmodel/plugin-change/journal.json"
    journal.write_text(journal.read_text().replace('"begun"', '"changing"'))
    file.write_text("half of it")
    assert "had been cut short; everything is as it was" in cli("plugin", "list").err
    assert file.read_text() == "[project]\n"
    assert list(tmp_path.iterdir()) == [file]


def test_pdm_is_told_before_its_command_that_nobody_can_be_asked(tmp_path):
    """Pdm knows that option for itself alone: a command that has it behind its name is refused."""
    installer = Installer(Place(tmp_path, tmp_path, "pdm", tmp_path / ".venv"))
    commands = [*installer.following(), *installer.locking(), *installer.renewing("own-plugin")]
    assert [command[:3] for command in commands] == [
        ["pdm", "--non-interactive", "install"],
        ["pdm", "--non-interactive", "lock"],
        ["pdm", "--non-interactive", "update"],
    ]
