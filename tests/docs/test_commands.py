"""Every command that a page shows is one that exists."""

from __future__ import annotations

import re

import pytest

from starmodel.cli.catalog import CommandCatalog

from .pages import EVERYTHING, ROOT, commands_of, name_of

OURS = {"./dev", "starmodel", ".ci/run"}
OTHERS = {"apt-get", "cd", "export", "hatch", "mkdir", "pip", "pytest", "python", "redis-server", "source", "towncrier"}


def known_commands():
    usage = re.search(r"<<'USAGE'\n(.*?)\nUSAGE", (ROOT / "dev").read_text(), re.DOTALL)
    sessions = re.findall(r"@nox\.session.*?\ndef (\w+)", (ROOT / "noxfile.py").read_text(), re.DOTALL)
    return {
        "./dev": set(re.findall(r"^  (\w+) ", usage[1], re.MULTILINE)),
        "starmodel": {*CommandCatalog().names(), "--help", "--version"},
        "-s": set(sessions),
    }


def unknown(text):
    known = known_commands()
    for words in commands_of(text):
        program, *rest = words
        program = program.removeprefix(".venv/bin/")
        names = {before: after for before, after in zip(words, rest, strict=False) if before == "-s"}
        asked = {program: rest[0], **names} if program in known and rest else names
        if program not in OURS | OTHERS or any(name not in known[of] for of, name in asked.items()):
            yield " ".join(words)


@pytest.mark.parametrize("page", EVERYTHING, ids=map(name_of, EVERYTHING))
def test_commands_exist(page):
    assert list(unknown(page.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("line", ["./dev serve", "starmodel create", "./dev check -s spelling", "starmodle run"])
def test_a_command_that_does_not_exist_is_noticed(line):
    assert list(unknown(f"```sh\n{line}   # a comment\n```\n")) == [line]
