"""Every check of this repository: `nox` runs what a release must pass, `nox -l` lists the rest."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import nox

ROOT = Path(__file__).parent
PACKAGES = sorted(path.parent.relative_to(ROOT) for path in ROOT.glob("packages/*/pyproject.toml"))
CANDIDATE = ROOT / ".cache" / "release-candidate"
OURS = CANDIDATE / "constraints.txt"  # says that our packages are those files, whatever an index may hold
CONSTRAINTS = f"--constraint={ROOT / 'constraints.txt'}"
PROGRAMS = {"PYTHONPATH": os.pathsep.join([str(ROOT / "tests"), str(ROOT / "tests" / "chaos")])}
"""Where the programs beside the tests are, and the servers that they start."""

built: dict[str, Path] = {}

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "types", "tests", "coverage", "alone", "subsets", "docs"]

# pyenv puts shims on PATH that answer for interpreters it has not activated: put the real ones before them.
_pyenv = sorted(Path.home().glob(".pyenv/versions/3.1[1-9]*/bin"))
os.environ["PATH"] = os.pathsep.join([*map(str, _pyenv), os.environ["PATH"]])


def workspace(session: nox.Session) -> None:
    """Install every package, editable, with the tools, at the versions in constraints.txt."""
    editables = [f"--editable={package}" for package in PACKAGES if package.name != "starmodel"]
    session.install(CONSTRAINTS, "--group=dev", *editables, "--editable=packages/starmodel[all]")


def is_release(text: str) -> bool:
    """Say whether *text* is a version this project would publish: 1.2.3 or 1.2.3rc1."""
    return re.fullmatch(r"\d+\.\d+\.\d+(rc\d+)?", text) is not None


def bumped(text: str, version: str) -> str:
    """Return a pyproject's *text* with its own version and every pin of ours set to *version*."""
    text = re.sub(r'(?m)^version = "[^"]*"$', f'version = "{version}"', text, count=1)
    return re.sub(r'("starmodel[a-z\-]*(?:\[[a-z,\-]+\])?)(~=|==)[^"]+"', rf'\g<1>\g<2>{version}"', text)


def plain_pins(compiled: str) -> list[str]:
    """Return the `name==version` lines of *compiled*.

    A marker stays only where one name has two versions; elsewhere it would say nothing that a constraint needs.
    """
    lines = [line.strip() for line in compiled.splitlines() if "==" in line and not line.startswith(("-", "#", " "))]
    names = [line.partition("==")[0] for line in lines]
    return [line if names.count(name) > 1 else line.partition(" ;")[0] for line, name in zip(lines, names, strict=True)]


def build_wheels(session: nox.Session) -> None:
    """Build every distribution, once per run, the way a release is built: the wheel from the sdist, isolated."""
    if not built:
        shutil.rmtree(CANDIDATE, ignore_errors=True)
        for package in PACKAGES:
            session.run_install("uv", "build", "-q", str(package), f"--out-dir={CANDIDATE}", external=True)
        built.update((wheel.name.partition("-")[0].replace("_", "-"), wheel) for wheel in CANDIDATE.glob("*.whl"))
        OURS.write_text("".join(f"{name} @ {wheel.as_uri()}\n" for name, wheel in built.items()))


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, formatting and the direction of imports."""
    workspace(session)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports", "--no-cache")


@nox.session
def types(session: nox.Session) -> None:
    """Check types: mypy --strict over every source; mypy and pyright over what users are promised."""
    workspace(session)
    session.run("mypy")
    session.run("pytest", "tests/typing")


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """Run the whole suite on every Python that is here."""
    workspace(session)
    session.run("pytest", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Measure how much of core and app their own tests reach; 95 % of branches is the floor."""
    workspace(session)
    session.run("coverage", "run", "-m", "pytest", "packages/starmodel-core/tests", *session.posargs)
    session.run("coverage", "report")


def portions(package: str) -> list[str]:
    """Return the import paths that *package* owns and that work without an extra; each has its py.typed."""
    src = ROOT / "packages" / package / "src"
    owned = (".".join(marker.parent.relative_to(src).parts) for marker in src.rglob("py.typed"))
    return sorted(
        set(owned) - {"starmodel.fixtures", "starmodel.testing"}
    )  # these are for whoever has the extra `testing`


@nox.session(reuse_venv=False)
@nox.parametrize("package", [package.name for package in PACKAGES], ids=[package.name for package in PACKAGES])
def alone(session: nox.Session, package: str) -> None:
    """Install one wheel with what it declares and nothing else, import it, then run its own tests and its README."""
    build_wheels(session)
    pins = (CONSTRAINTS, f"--constraint={OURS}")
    session.install(*pins, package)
    session.run("python", "-I", "-c", f"import {', '.join(portions(package))}")

    pyproject = ROOT / "packages" / package / "pyproject.toml"
    extra = [f"--group={pyproject}:test"] if "[dependency-groups]" in pyproject.read_text() else []
    session.install(*pins, package, "starmodel-core[testing]", "sybil", "pytest-xdist", *extra)
    readme = f"tests/docs/test_code_blocks.py::test_the_code_on_a_page_runs[packages/{package}/README.md]"
    for kind in ("not browser", "browser"):  # apart: a browser keeps its process from running other event loops
        workers = ("-q", "-n", "2", "--dist", "worksteal", "-m", f"not long and {kind}")
        if kind == "not browser":
            session.run("pytest", *workers, f"packages/{package}/tests", readme, *session.posargs)
        elif (browsing := pyproject.parent / "tests" / "browser").is_dir():
            session.run("pytest", *workers, str(browsing), *session.posargs)


SUBSETS = {
    "core": ("domain.py", "starmodel-core"),
    "core+pydantic": ("memory.py", "starmodel-pydantic"),
    "core+plugins": ("plugged.py", "starmodel-plugins"),
    "core+sql": ("database.py", "starmodel-pydantic", "starmodel-sql"),
    "core+redis": ("redis_store.py", "starmodel-pydantic", "starmodel-redis"),
    "core+rest": ("rest.py", "starmodel-pydantic", "starmodel-rest"),
    "core+fasthtml": ("web.py", "starmodel-pydantic", "starmodel-fasthtml"),
    "cli": ("terminal.py", "starmodel[cli]"),
    "fasthtml": ("whole.py", "starmodel[fasthtml]"),
    "fasthtml,monsterui": ("whole.py", "starmodel[fasthtml,monsterui]"),
    "fasthtml,rest": ("whole.py", "starmodel[fasthtml,rest]"),
    "fasthtml,sql": ("whole.py", "starmodel[fasthtml,sql]"),
    "fasthtml,auth,sql": ("whole.py", "starmodel[fasthtml,auth,sql]"),
    "all": ("whole.py", "starmodel[all]"),
}
"""Sets of wheels that somebody would choose, and the program of tests/subsets that each of them has to run."""


@nox.session(reuse_venv=False)
@nox.parametrize("subset", list(SUBSETS), ids=list(SUBSETS))
def subsets(session: nox.Session, subset: str) -> None:
    """Install some of the wheels into an empty venv, and run a program that needs these and no others."""
    build_wheels(session)
    program, *wheels = SUBSETS[subset]
    session.install(CONSTRAINTS, f"--constraint={OURS}", *wheels)
    chosen = re.findall(r"\[(.*)\]", wheels[0])
    extras = chosen[0].replace("all", "auth,cli,fasthtml,monsterui,rest,sql").split(",") if chosen else []
    session.run("python", str(ROOT / "tests" / "subsets" / program), *extras)


@nox.session
def boot(session: nox.Session) -> None:
    """From an empty venv and the wheels to a live application in two browsers: at most a minute of machine time."""
    build_wheels(session)
    session.install(CONSTRAINTS, "playwright", "uv")
    constraints = (str(ROOT / "constraints.txt"), str(OURS))
    session.run("python", "-m", "boot", *constraints, env={"PYTHONPATH": str(ROOT / "tests")})


@nox.session
def pictures(session: nox.Session) -> None:
    """Take the pictures of the documentation anew; needs Chromium."""
    workspace(session)
    session.install(CONSTRAINTS, "--group=pictures")
    session.run("python", "-m", "pictures", env=PROGRAMS)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation strictly and run every block of code in it."""
    workspace(session)
    session.run("pytest", "tests/docs")
    session.run("zensical", "build", "--strict", "--clean", "--config-file=mkdocs.yml")


@nox.session
def bench(session: nox.Session) -> None:
    """Measure beside the controls and write docs/performance.md; needs wrk and a machine that does nothing else."""
    workspace(session)
    session.install(CONSTRAINTS, "--group=bench")
    session.run("python", "-m", *(session.posargs or ["benchmarks"]), env=PROGRAMS)


@nox.session
def lighthouse(session: nox.Session) -> None:
    """Ask Lighthouse what the pages are worth on a slow telephone; needs Chromium, and Node for Lighthouse itself."""
    workspace(session)
    session.run("python", "-m", "lighthouse", env=PROGRAMS)


@nox.session
def long(session: nox.Session) -> None:
    """Run in full what the suite proves in short: every page, every hostile text, migrations on Postgres too."""
    workspace(session)
    for kind in ("not browser", "browser"):  # apart: a browser keeps its process from running other event loops
        session.run("pytest", "-n", "3", "--dist", "loadfile", "-m", f"long and {kind}", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Make up hundreds of requests for every operation of the REST interface."""
    workspace(session)
    session.run("pytest", "packages/starmodel-rest/tests/test_fuzz.py", env={"STARMODEL_FUZZ": "300"})


@nox.session
def chaos(session: nox.Session) -> None:
    """Kill servers and databases for a quarter of an hour, and write docs/reliability.md; needs Postgres and Redis."""
    workspace(session)
    session.run("python", "-m", "rig", env={"PYTHONPATH": str(ROOT / "tests" / "chaos")})
    session.run("python", "-m", "rig.expiry", env={"PYTHONPATH": str(ROOT / "tests" / "chaos")})


@nox.session
def nodes(session: nox.Session) -> None:
    """Kill, stop, cut and restart three nodes for ten minutes, and write docs/many-nodes.md."""
    workspace(session)
    session.run("python", "-m", "rig.trials", *session.posargs, env=PROGRAMS)


@nox.session
def cluster(session: nox.Session) -> None:
    """Serve examples/cluster, or another application, on three nodes, Redis and Postgres until Ctrl+C."""
    workspace(session)
    session.run("python", "-m", "rig.topology", *session.posargs, env=PROGRAMS)


@nox.session
def wheels(session: nox.Session) -> None:
    """Build what a release publishes into dist/."""
    build_wheels(session)
    shutil.copytree(CANDIDATE, ROOT / "dist", dirs_exist_ok=True, ignore=shutil.ignore_patterns(OURS.name))


@nox.session(venv_backend="none")
def bump(session: nox.Session) -> None:
    """Set one version everywhere: `nox -s bump -- 0.2.0`."""
    match session.posargs:
        case [version] if is_release(version):
            for package in PACKAGES:
                path = ROOT / package / "pyproject.toml"
                path.write_text(bumped(path.read_text(), version))
        case _:
            session.error("say which version: nox -s bump -- 0.2.0")


@nox.session
def pin(session: nox.Session) -> None:
    """Refresh constraints.txt: the versions everybody installs; names and versions, no addresses."""
    extras = {"starmodel": "[all]", "starmodel-core": "[testing]", "starmodel-sql": "[postgres]"}
    wanted = Path(session.create_tmp(), "requirements.in")
    wanted.write_text("".join(f"-e {ROOT / package}{extras.get(package.name, '')}\n" for package in PACKAGES))
    compiled = session.run(
        *("uv", "pip", "compile", "-q", "--universal", "--python-version=3.11", "--no-header", "--no-annotate"),
        *("--upgrade", "--group=dev", "--group=bench", "--group=pictures", str(wanted)),
        external=True,
        silent=True,
    )
    (ROOT / "constraints.txt").write_text("\n".join(plain_pins(str(compiled))) + "\n")
