"""People with photos and papers: what the tests of files in a browser visit."""

from typing import Annotated

from starmodel.bootstrap import create_app
from starmodel.core import Accept, Entity, File


class Person(Entity):
    """Somebody with a photo."""

    name: str
    photo: Annotated[File | None, Accept("image/*", max_bytes=3_000_000)] = None
    letter: Annotated[File | None, Accept(".txt,.pdf")] = None


app = create_app(Person)
