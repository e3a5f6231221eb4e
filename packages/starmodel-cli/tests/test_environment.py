"""What the application finds in its environment: the mode, the secret and the project's own settings."""

from __future__ import annotations

import stat

import pytest

from starmodel.cli.environment import is_production, read_env, settings
from starmodel.cli.errors import SecretError
from starmodel.core.errors import ConfigurationError

LONG, OTHER = "s" * 32, "t" * 40


def test_development_makes_a_secret_and_keeps_it(tmp_path):
    first = settings({}, tmp_path, production=False)
    assert first["STARMODEL_ENV"] == "development"
    assert len(bytes.fromhex(first["STARMODEL_SECRET"])) == 32
    assert settings({}, tmp_path, production=False) == first


def test_two_projects_have_two_secrets(tmp_path):
    (tmp_path / "other").mkdir()
    secrets = {settings({}, folder, production=False)["STARMODEL_SECRET"] for folder in (tmp_path, tmp_path / "other")}
    assert len(secrets) == 2


def test_the_kept_secret_is_for_its_owner_only_and_not_for_git(tmp_path):
    settings({}, tmp_path, production=False)
    home = tmp_path / ".starmodel"
    assert stat.S_IMODE((home / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert (home / ".gitignore").read_text() == "*\n"
    assert sorted(path.name for path in home.iterdir()) == [".gitignore", "secret"]


def test_a_kept_secret_that_others_could_read_is_closed_again(tmp_path):
    settings({}, tmp_path, production=False)
    file = tmp_path / ".starmodel/secret"
    file.chmod(0o644)
    settings({}, tmp_path, production=False)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_kept_secret_that_is_empty_is_made_anew(tmp_path):
    (tmp_path / ".starmodel").mkdir()
    (tmp_path / ".starmodel/secret").touch()
    assert len(settings({}, tmp_path, production=False)["STARMODEL_SECRET"]) == 64


def test_of_two_programs_that_start_at_once_both_have_the_first_secret(tmp_path, monkeypatch):
    from starmodel.cli import secret

    home = tmp_path / ".starmodel"
    publish = secret._publish

    def other_comes_first(draft, file):
        assert stat.S_IMODE(draft.stat().st_mode) == 0o600
        file.write_text("the other's")
        publish(draft, file)

    monkeypatch.setattr(secret, "_publish", other_comes_first)
    assert secret.kept_secret(tmp_path) == "the other's"
    assert sorted(path.name for path in home.iterdir()) == [".gitignore", "secret"]


def test_a_file_system_without_links_keeps_a_secret_too(tmp_path, monkeypatch):
    def no_links(*_):
        raise PermissionError("no links here")

    monkeypatch.setattr("pathlib.Path.hardlink_to", no_links)
    assert settings({}, tmp_path, production=False) == settings({}, tmp_path, production=False)


def test_a_folder_that_cannot_keep_a_secret_is_told(tmp_path):
    (tmp_path / ".starmodel").touch()
    with pytest.raises(SecretError, match="make the folder writable or set STARMODEL_SECRET"):
        settings({}, tmp_path, production=False)


@pytest.mark.parametrize("production", [False, True])
def test_a_given_secret_is_used_and_none_is_kept(tmp_path, production):
    assert settings({"STARMODEL_SECRET": LONG}, tmp_path, production=production)["STARMODEL_SECRET"] == LONG
    assert not (tmp_path / ".starmodel").exists()


def test_the_secret_may_stand_in_the_env_file(tmp_path):
    (tmp_path / ".env").write_text(f"STARMODEL_SECRET={LONG}\n")
    assert settings({}, tmp_path, production=True) == {"STARMODEL_SECRET": LONG, "STARMODEL_ENV": "production"}


def test_the_environment_wins_over_the_env_file(tmp_path):
    (tmp_path / ".env").write_text(f"STARMODEL_SECRET={LONG}\nDATABASE_URL=file\nREDIS_URL=file\n")
    added = settings({"DATABASE_URL": "env", "STARMODEL_SECRET": OTHER}, tmp_path, production=False)
    assert added == {"STARMODEL_SECRET": OTHER, "REDIS_URL": "file", "STARMODEL_ENV": "development"}


@pytest.mark.parametrize("given", [{}, {"STARMODEL_SECRET": ""}])
def test_production_does_not_start_without_a_secret(tmp_path, given):
    with pytest.raises(SecretError, match="production needs STARMODEL_SECRET"):
        settings(given, tmp_path, production=True)
    assert not (tmp_path / ".starmodel").exists()


def test_production_does_not_take_the_secret_of_development(tmp_path):
    settings({}, tmp_path, production=False)
    with pytest.raises(SecretError):
        settings({}, tmp_path, production=True)


@pytest.mark.parametrize("production", [False, True])
def test_a_secret_that_can_be_guessed_is_refused(tmp_path, production):
    with pytest.raises(SecretError, match="has 8 characters and needs 32 or more") as caught:
        settings({"STARMODEL_SECRET": "password"}, tmp_path, production=production)
    assert "password" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "file", "expected"),
    [
        ({}, "", False),
        ({"STARMODEL_ENV": "production"}, "", True),
        ({"STARMODEL_ENV": "development"}, "STARMODEL_ENV=production", False),
        ({}, "STARMODEL_ENV=production", True),
        ({"STARMODEL_ENV": ""}, "", False),
    ],
)
def test_the_mode_comes_from_the_environment(tmp_path, given, file, expected):
    (tmp_path / ".env").write_text(file)
    assert is_production(given, tmp_path) is expected


def test_an_empty_mode_does_not_overrule_that_of_the_env_file(tmp_path):
    (tmp_path / ".env").write_text("STARMODEL_ENV=production\n")
    assert is_production({"STARMODEL_ENV": ""}, tmp_path)


def test_a_mode_that_does_not_exist_is_told(tmp_path):
    with pytest.raises(ConfigurationError, match="'prod'; it must be development or production"):
        is_production({"STARMODEL_ENV": "prod"}, tmp_path)


def test_the_env_file_is_read_as_people_write_it(tmp_path):
    (tmp_path / ".env").write_text(
        '# a comment\n\nA=1\nexport B = two words  # and a remark\nC=\'#1 "x"\'  \nD="a=b"\nE=\nF=a#b\nG=\'open\n'
    )
    assert read_env(tmp_path / ".env") == {
        "A": "1", "B": "two words", "C": '#1 "x"', "D": "a=b", "E": "", "F": "a#b", "G": "'open",
    }  # fmt: skip


def test_without_an_env_file_there_is_nothing(tmp_path):
    assert read_env(tmp_path / ".env") == {}


@pytest.mark.parametrize("line", ["just words", "1X=2", "=x", "a-b=c"])
def test_a_line_that_sets_nothing_is_told_with_its_number(tmp_path, line):
    (tmp_path / ".env").write_text(f"A=1\n{line}\n")
    with pytest.raises(ConfigurationError, match=r"\.env:2 is not NAME=value") as caught:
        read_env(tmp_path / ".env")
    assert line not in str(caught.value)


def test_an_env_file_that_is_no_text_is_told(tmp_path):
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_env(tmp_path / ".env")
