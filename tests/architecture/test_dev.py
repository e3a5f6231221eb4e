"""The door of the repository, `./dev`, on machines that lack things; python, apt-get and id are played by scripts."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from house.layout import ROOT

TOOLS = ("cat", "chmod", "cksum", "cp", "dirname", "env", "grep", "mkdir", "rm", "sh", "touch")

# Plays every interpreter: it notes each call, and "creates" a virtual environment by copying itself there.
PYTHON = """#!/bin/sh
echo "${0##*/} $*" >>"$NOTES"
case "$*" in
  *" install "*" -e "*) [ ! -e "$MACHINE/no-network" ] ;;
  *"import ensurepip"*) [ ! -e "$MACHINE/no-venv" ] ;;
  *version_info*) [ ! -e "$MACHINE/no-python" ] ;;
  "-m venv"*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" && cp "$0" "$4/bin/starmodel" ;;
  "-m uv"*) [ ! -e "$MACHINE/no-uv" ] ;;
  "-m pip install"*" uv") [ ! -e "$MACHINE/no-uv" ] ;;
  "-m pytest"*) [ ! -e "$MACHINE/failing" ] ;;
esac
"""
NOTHING = "#!/bin/sh\n"
APT = """#!/bin/sh
echo "apt-get $*" >>"$NOTES"
rm -f "$MACHINE/no-venv" "$MACHINE/no-python"
case "$*" in *chromium*) cp "$0" "$BIN/chromium" ;; esac
"""


class Machine:
    """A bare machine with a clone of the repository on it."""

    def __init__(self, folder):
        self.folder, self.bin, self.clone = folder, folder / "bin", folder / "a clone"
        self.notes = folder / "notes"
        self.bin.mkdir()
        self._clone()
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool))
        for name, script in {"python3": PYTHON, "apt-get": APT, "chromium": NOTHING, "redis-server": NOTHING}.items():
            self.script(name, script)
        self.user(1000)

    def _clone(self):
        package = self.clone / "packages" / "starmodel-core"
        package.mkdir(parents=True)
        for path in (self.clone / "pyproject.toml", self.clone / "constraints.txt", package / "pyproject.toml"):
            path.touch()
        shutil.copy(ROOT / "dev", self.clone)

    def script(self, name, text):
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def user(self, number):
        self.script("id", f"#!/bin/sh\necho {number}\n")

    def lacks(self, *things):
        for thing in things:
            (self.folder / f"no-{thing}").touch()

    def has(self, *things):
        for thing in things:
            (self.folder / f"no-{thing}").unlink()

    def dev(self, *arguments):
        """Run `./dev` from another folder; return its exit code, its output, and the calls that it made."""
        self.notes.write_text("")
        places = {"MACHINE": self.folder, "NOTES": self.notes, "BIN": self.bin, "HOME": self.folder, "PATH": self.bin}
        done = subprocess.run(
            [self.clone / "dev", *arguments],
            env={name: str(path) for name, path in places.items()},
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr, self.notes.read_text().splitlines()


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def installs(calls):
    return [call for call in calls if " install " in call and "-e packages/" in call]


def test_run_sets_up_and_starts_the_demo_with_the_arguments_it_was_given(machine):
    code, _, calls = machine.dev("run", "--port", "9000")
    assert code == 0
    assert len(installs(calls)) == 1
    assert "--group dev" not in installs(calls)[0]
    assert calls[-1] == "starmodel run examples/demo.py --port 9000"


def test_test_installs_the_tools_and_hands_its_arguments_to_pytest(machine):
    code, _, calls = machine.dev("test", "-k", "counter")
    assert code == 0
    assert "-e packages/starmodel[all] --group dev" in installs(calls)[0]
    assert calls[-1] == "python -m pytest -k counter"


def test_a_second_call_installs_nothing(machine):
    machine.dev("test")
    assert installs(machine.dev("test")[2]) == []
    assert installs(machine.dev("run")[2]) == []


@pytest.mark.parametrize("changed", ["constraints.txt", "packages/starmodel-core/pyproject.toml", "dev"])
def test_a_change_of_what_is_wanted_installs_again(machine, changed):
    machine.dev("test")
    with (machine.clone / changed).open("a") as file:
        file.write("\n# changed\n")
    assert len(installs(machine.dev("test")[2])) == 1


def test_an_installation_that_failed_is_tried_again(machine):
    machine.lacks("network")
    code, output, _ = machine.dev("run")
    assert code == 1
    assert "installing failed" in output
    machine.has("network")
    assert len(installs(machine.dev("run")[2])) == 1


def test_pip_takes_over_where_uv_cannot_be_had(machine):
    machine.lacks("uv")
    code, _, calls = machine.dev("run")
    assert code == 0
    assert installs(calls)[0].startswith("python -m pip install")


def test_a_moved_clone_gets_a_new_environment(machine):
    machine.dev("run")
    machine.clone = machine.clone.rename(machine.folder / "moved")
    calls = machine.dev("run")[2]
    assert f"python3 -m venv --clear {machine.clone}/.venv" in calls
    assert len(installs(calls)) == 1


@pytest.mark.parametrize(
    ("lacking", "package"), [("venv", "python3-venv"), ("python", "python3")], ids=["venv", "python"]
)
class TestAMachineWithoutPythonOrItsVenv:
    def test_tells_a_user_the_command(self, machine, lacking, package):
        machine.lacks(lacking)
        code, output, calls = machine.dev("run")
        assert code == 1
        assert f"  sudo apt-get install -y {package}\n" in output
        assert not any(call.startswith("apt-get") for call in calls)

    def test_is_mended_for_root(self, machine, lacking, package):
        machine.lacks(lacking)
        machine.user(0)
        code, _, calls = machine.dev("run")
        assert code == 0
        assert f"apt-get install -y -qq {package}" in calls


class TestAMachineWithoutChromium:
    @pytest.fixture(autouse=True)
    def without(self, machine):
        (machine.bin / "chromium").unlink()

    def test_runs_the_demo_all_the_same(self, machine):
        assert machine.dev("run")[0] == 0

    def test_tells_a_user_the_command_before_the_tests(self, machine):
        code, output, calls = machine.dev("test")
        assert code == 1
        assert "  sudo apt-get install -y chromium\n" in output
        assert not any("-m pytest" in call for call in calls)

    def test_is_mended_for_root(self, machine):
        machine.user(0)
        code, _, calls = machine.dev("test")
        assert code == 0
        assert "apt-get install -y -qq chromium-headless-shell" in calls

    def test_is_mended_for_root_where_there_is_none_without_windows(self, machine):
        machine.user(0)
        machine.script("apt-get", APT.replace("rm -f", 'case "$*" in *headless*) exit 100 ;; esac\nrm -f'))
        code, _, calls = machine.dev("test")
        assert code == 0
        assert "apt-get install -y -qq chromium" in calls


def test_the_tests_want_a_redis(machine):
    (machine.bin / "redis-server").unlink()
    code, output, calls = machine.dev("test")
    assert code == 1
    assert "  sudo apt-get install -y redis-server\n" in output
    assert not any("-m pytest" in call for call in calls)


def test_a_chosen_interpreter_is_used_and_an_old_one_refused(machine):
    machine.script("mine", PYTHON)
    machine.script("old", "#!/bin/sh\nexit 1\n")
    places = {"MACHINE": machine.folder, "NOTES": machine.notes, "HOME": machine.folder, "PATH": machine.bin}
    environment = {name: str(path) for name, path in places.items()}
    run = [machine.clone / "dev", "run"]
    old = subprocess.run(run, env=environment | {"PYTHON": "old"}, capture_output=True, text=True, check=False)
    assert (old.returncode, old.stderr) == (1, "dev: PYTHON=old is not Python 3.11 or newer\n")
    subprocess.run(run, env=environment | {"PYTHON": "mine"}, capture_output=True, check=True)
    assert f"mine -m venv --clear {machine.clone}/.venv" in machine.notes.read_text()


def test_a_failing_suite_fails_the_command(machine):
    machine.folder.joinpath("failing").touch()
    assert machine.dev("test")[0] == 1


def test_an_unknown_command_is_refused_with_the_list(machine):
    code, output, _ = machine.dev("rnu")
    assert code == 1
    assert "there is no command rnu" in output
    assert "start the demo" in output
