"""Every link between our own pages leads somewhere, and every page of the documentation is in its menu."""

from __future__ import annotations

import re

import pytest

from .pages import DOCS, EVERYTHING, ROOT, links_of, name_of

HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchor_of(heading):
    """Return the anchor of a heading, as GitHub and Python-Markdown both make it for the headings used here."""
    plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", plain.lower()).strip())


def anchors_in(file):
    return {anchor_of(heading) for heading in HEADING.findall(file.read_text(encoding="utf-8"))}


def broken_links(page):
    text = page.read_text(encoding="utf-8")
    for target in links_of(text):
        place, _, anchor = target.partition("#")
        file = (page.parent / place).resolve() if place else page
        if not file.exists() or (
            anchor and anchor not in map(anchor_of, HEADING.findall(file.read_text(encoding="utf-8")))
        ):
            yield target


@pytest.mark.parametrize("page", EVERYTHING, ids=map(name_of, EVERYTHING))
def test_links_lead_somewhere(page):
    assert list(broken_links(page)) == []


@pytest.mark.parametrize("link", ["[a](nowhere.md)", "[a](#nowhere)", '<img src="nowhere.gif">', "![a](nowhere.png)"])
def test_a_broken_link_is_noticed(link, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"# Here\n\n[good](#here) {link}\n")
    assert len(list(broken_links(page))) == 1


def test_every_page_of_the_documentation_is_in_the_menu():
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    missing = [page.relative_to(ROOT / "docs").as_posix() for page in DOCS]
    assert [name for name in missing if f" {name}\n" not in f"{menu}\n"] == []
