"""Two windows side by side, as one picture or as a film of what happens in them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Locator, Page, expect

__all__ = ["WINDOW", "Film"]

WINDOW = {"width": 560, "height": 400}
EDGE, BAR = 14, 26
DESK, FRAME, INK, BULLET = "#d9dbe7", "#eeeff5", "#6b6f80", "#6b7286"
ARROW = ((0, 0), (0, 17), (4, 13), (7, 19), (10, 18), (7, 12), (12, 12))
STEPS = 3
"""How many pictures a way of the mouse has."""

Point = tuple[float, float]


class Film:
    """Pictures of *pages* with a mouse in them, and how many ms each is shown."""

    def __init__(self, pages: tuple[Page, Page]) -> None:
        self.pages = pages
        self.frames: list[Image.Image] = []
        self.times: list[int] = []
        self._mouse: Point = (220, 226)

    def hold(self, ms: int) -> None:
        """Show the pages as they are now for so long."""
        self.frames.append(_with_mouse(side_by_side(self.pages), self._mouse))
        self.times.append(ms)

    def click(self, place: Locator) -> None:
        """Go there with the mouse, and click."""
        box = place.bounding_box()
        assert box is not None, f"{place} is not to be seen"
        number = self.pages.index(place.page)
        offset = number * (EDGE + WINDOW["width"])
        there = (box["x"] + box["width"] / 2 + offset, box["y"] + box["height"] / 2)
        start = self._mouse
        for step in range(1, STEPS + 1):
            part = step / STEPS
            self._mouse = (start[0] + (there[0] - start[0]) * part, start[1] + (there[1] - start[1]) * part)
            self.hold(120)
        place.click()

    def type(self, place: Locator, text: str, *, pieces: int = 4) -> None:
        """Click into a field, empty it, and fill it a few letters at a time."""
        self.click(place)
        place.fill("")
        size = -(-len(text) // pieces)
        for begin in range(0, len(text), size):
            place.press_sequentially(text[begin : begin + size])
            self.hold(110)

    def until(self, shown: Callable[[Page], Locator], ms: int) -> None:
        """Wait until both pages show it, and show that for so long."""
        for page in self.pages:
            expect(shown(page)).to_be_visible()
        self.hold(ms)

    def save(self, path: Path) -> None:
        """Write it as a GIF that begins again at its end."""
        colours = self.frames[-1].quantize(64)
        frames = [frame.quantize(palette=colours, dither=Image.Dither.NONE) for frame in self.frames]
        frames[0].save(path, save_all=True, append_images=frames[1:], duration=self.times, loop=0, optimize=True)


def side_by_side(pages: tuple[Page, Page]) -> Image.Image:
    """Return a picture of both windows on a desk."""
    width, height = 2 * WINDOW["width"] + 3 * EDGE, WINDOW["height"] + BAR + 2 * EDGE
    desk = Image.new("RGB", (width, height), DESK)
    draw = ImageDraw.Draw(desk)
    for number, page in enumerate(pages):
        left = EDGE + number * (EDGE + WINDOW["width"])
        draw.rounded_rectangle((left, EDGE, left + WINDOW["width"] - 1, EDGE + 2 * BAR), 7, FRAME)
        for bullet in range(3):
            x = left + 10 + 14 * bullet
            draw.ellipse((x, EDGE + 9, x + 8, EDGE + 17), BULLET)
        draw.text((left + 62, EDGE + 7), f"Tab {number + 1}: 127.0.0.1:8000", INK, ImageFont.load_default(11))
        desk.paste(Image.open(io.BytesIO(page.screenshot())), (left, EDGE + BAR))
    return desk


def _with_mouse(picture: Image.Image, at: Point) -> Image.Image:
    x, y = at[0] + EDGE, at[1] + EDGE + BAR
    shape = [(x + dx, y + dy) for dx, dy in ARROW]
    ImageDraw.Draw(picture).polygon(shape, "white", "black")
    return picture
