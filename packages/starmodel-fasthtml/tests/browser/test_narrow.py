"""Nothing of a page stands outside of a phone's screen."""

from __future__ import annotations

ROW = """<ul role="list"><li class="row">
<button>✓</button><input name="title" value="Milk"><button>Delete</button><a href="#">Past</a></li></ul>"""


def test_a_row_of_a_list_fits_on_a_phone(tab):
    page = tab.open(ROW)
    page.set_viewport_size({"width": 360, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator("input").bounding_box()["width"] > 80
