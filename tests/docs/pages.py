"""The pages that people read: READMEs, the documentation, and what stands beside them in the root folder."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
READMES = sorted(ROOT.glob("packages/*/README.md"))
DOCS = sorted(ROOT.glob("docs/**/*.md"))
PAGES = [ROOT / "README.md", *READMES, *DOCS]
EVERYTHING = [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", ROOT / "changelog.d" / "README.md"]

LINK = re.compile(r"(?<!\\)\]\(([^()\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def links_of(text: str) -> list[str]:
    """Return the targets of links and pictures in *text*, without those to other sites."""
    found = [plain or html for plain, html in LINK.findall(CODE.sub("", text))]
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def commands_of(text: str) -> list[list[str]]:
    """Return the lines of the shell blocks in *text* as words, without comments."""
    lines = "".join(SHELL.findall(text)).splitlines()
    words = [line.partition(" #")[0].split() for line in lines]
    return [line for line in words if line]
