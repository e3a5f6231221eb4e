"""A file as the value of a field: what is accepted, where one may stand, and how it is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest

from starmodel.core import Accept, Entity, File, Private
from starmodel.core.errors import DefinitionError, FieldConflictError
from starmodel.core.files import clean_name, file_fields, size_text
from starmodel.core.showing import with_shown

PHOTO = File("0" * 32, "me.png", 1000, "image/png")


class Person(Entity):
    name: str = ""
    photo: Annotated[File | None, Accept("image/*", max_bytes=5_000_000)] = None
    passport: Private[Annotated[File | None, Accept("application/pdf")]] = None
    letter: File | None = None


def test_a_file_is_a_value_of_a_field():
    person = Person(photo=PHOTO)
    assert person.photo.name == "me.png"
    assert person.evolve(photo=None).photo is None


def test_the_fields_that_hold_files_say_what_they_accept():
    assert file_fields(Person) == {
        "photo": Accept("image/*", max_bytes=5_000_000),
        "passport": Accept("application/pdf"),
        "letter": Accept(),
    }


@pytest.mark.parametrize(
    ("types", "name", "media", "taken"),
    [
        ("image/*", "a.png", "image/png", True),
        ("image/*", "a.png", "text/html", False),
        ("image/*", "a.png", "imagery/png", False),
        ("image/png,image/jpeg", "a.jpg", "image/jpeg", True),
        (" .PDF , image/*", "A.pdf", "application/octet-stream", True),
        (".pdf", "a.pdf.exe", "application/pdf", False),
        ("*/*", "whatever", "x/y", True),
    ],
)
def test_types_are_written_as_html_writes_them(types, name, media, taken):
    assert Accept(types).takes(name, media) is taken


@pytest.mark.parametrize("types", ["", " , ", "png"])
def test_types_that_name_nothing_are_refused(types):
    with pytest.raises(DefinitionError, match="must name types"):
        Accept(types)


def test_a_limit_of_nothing_is_refused():
    with pytest.raises(DefinitionError, match="max_bytes"):
        Accept(max_bytes=0)


def test_several_files_in_one_field_are_refused_with_what_to_do():
    class Album(Entity):
        photos: list[File] = []

    with pytest.raises(DefinitionError, match=r"Album.photos holds a File inside .* make an entity"):
        file_fields(Album)


def test_a_file_inside_of_a_value_is_refused():
    @dataclass(frozen=True)
    class Page:
        scan: File

    class Book(Entity):
        first: Page | None = None

    Book.__annotations__["first"] = Page | None
    with pytest.raises(DefinitionError, match=r"Book\.first"):
        file_fields(Book)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("photo.png", "photo.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\photo.png", "photo.png"),
        ("a\0b\n.png", "ab.png"),
        ("gnp.\u202eexe.png", "gnp.exe.png"),
        ('say "hi".txt', 'say "hi".txt'),
        ("..", "file.png"),
        ("", "file.png"),
        (".htaccess", "htaccess"),
        ("résumé 履歴書.pdf", "résumé 履歴書.pdf"),
        ("  much   room  .txt ", "much room.txt"),
        ("half\ud800.txt", "half.txt"),
    ],
)
def test_a_name_is_cleaned(given, name):
    assert clean_name(given, "image/png") == name


def test_a_long_name_keeps_its_ending():
    name = clean_name("é" * 10_000 + ".png")
    assert name.endswith("é.png")
    assert len(name.encode()) <= 200


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1400, "1.4 kB"), (5_000_000, "5 MB"), (1024**2, "1 MiB"), (10**9, "1 GB")],
)
def test_sizes_are_written_as_people_write_them(size, text):
    assert size_text(size) == text


def test_no_error_no_log_and_no_answer_has_the_key_of_a_file():
    file = File("0123456789abcdef" * 2, "a.pdf", 10, "application/pdf")
    shown = with_shown({"one": file, "more": [file]}, repr)
    assert shown == {"one": file.told, "more": [file.told]}
    assert file.told == {"name": "a.pdf", "size": 10, "type": "application/pdf"}
    for text in (repr(file), str(file), repr(shown), str(FieldConflictError("Paper 1", 1, 2, {"scan": (file, None)}))):
        assert file.key not in text
        assert "a.pdf" in text
