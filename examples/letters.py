"""Letters to an editor: guests read what is printed, users write, editors print; a few a day from each.

starmodel user add ada --role editor --app examples/letters.py
starmodel run examples/letters.py
"""

from typing import Annotated

from starmodel.bootstrap import create_app
from starmodel.core import Entity, Owner, Private, event, owner, roles, signed_in, when

editor = roles("editor")


class Letter(Entity):
    subject: str
    text: str = ""
    is_printed: bool = False
    written_by: Annotated[str, Owner()] = ""
    remark: Private[str] = ""

    model_config = {
        "store": "sql",
        "default_events": ("update", "delete"),
        "policy": {
            "read": owner | when(is_printed=True) | editor,
            "update": owner & when(is_printed=False),
            "delete": owner | editor,
        },
    }

    def check(self) -> None:
        if not self.subject.strip():
            raise ValueError("Say what it is about.")

    @event(policy=signed_in, rate="3/day")
    @classmethod
    def write(cls, subject: str, text: str = "") -> "Letter":
        return cls(subject=subject, text=text)

    @event(policy=editor)
    def print(self) -> None:
        self.is_printed = True

    @event(policy=editor)
    def withdraw(self, remark: str = "") -> None:
        self.is_printed, self.remark = False, remark


app = create_app(Letter, title="Letters", auth="password")
