"""Stories that only users see, and only editors change; users are kept where the stories are."""

from starmodel.bootstrap import create_app
from starmodel.core import Entity, roles, signed_in


class Story(Entity):
    text: str = ""
    model_config = {"store": "sql", "policy": {"read": signed_in, "*": roles("editor")}}


app = create_app(Story, auth="password", title="Newsroom")
