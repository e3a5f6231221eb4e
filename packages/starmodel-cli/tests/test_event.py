"""``starmodel event`` runs an event by the one road: bound as a form's, refused in the web's words, or only shown."""

from __future__ import annotations

import json

import pytest

MAIN = """
from starmodel.core import Entity, Private, RefusedError, Secret, event
from starmodel.core.actors import Decision
from starmodel.testing import application

class Todo(Entity):
    title: str = "Tea"
    done: bool = False
    rank: int = 0
    tags: list[str] = []
    margin: Private[int] = 3
    pin: Secret[str] = ""

    @event
    def toggle(self) -> None:
        self.done = not self.done
        self.margin += 1

    @event
    def move(self, rank: int, tags: list[str] = []) -> str:
        if rank < 0:
            raise RefusedError("Not below the floor.")
        self.rank, self.tags = rank, tags
        return f"now at {rank}"

    @event
    def lock(self, pin: Secret[str]) -> None:
        self.pin = pin

    @event
    def crash(self) -> None:
        1 / 0

    @event(method="get")
    def shout(self) -> str:
        return self.title.upper()

class OnlyAda:
    def decide(self, actor, action, kind, id, entity):
        return Decision(actor.id == "ada" or "admin" in actor.roles, "only Ada may")

app = application(Todo, policies=[OnlyAda()])
"""


@pytest.fixture
def event(cli, project):
    (project / "main.py").write_text(MAIN)
    return lambda *arguments: cli("event", *arguments)


@pytest.fixture
def todo(event):
    """The id of an entity that is there."""
    return json.loads(event("Todo.create", "title=Tea", "--json").out)["changes"][0]["id"]


def test_an_entity_is_made_from_what_was_typed(event):
    ended = event("Todo.create", "title=Green tea", "rank=2", "tags=a", "tags=b")
    assert ended.code == 0, ended.err
    first, *fields = ended.out.splitlines()
    assert first.startswith("+ Todo ")
    assert first.endswith(" is new")
    assert "    title: 'Green tea'" in fields
    assert "    rank: 2" in fields
    assert "    tags: ['a', 'b']" in fields


def test_an_event_tells_each_field_that_it_changed(event, todo):
    ended = event("Todo.move", todo, "rank=5", "tags=one")
    assert ended.out.splitlines() == [
        f"~ Todo {todo}, version 2",
        "    rank: 0 → 5",
        "    tags: [] → ['one']",
        "→ now at 5",
    ]


def test_a_dry_run_shows_the_same_and_stores_nothing(event, todo):
    would = event("Todo.move", todo, "rank=5", "--dry-run").out.splitlines()
    assert would[0] == "Nothing was stored. This would change:"
    again = event("Todo.move", todo, "rank=5", "--dry-run").out.splitlines()
    assert again == would
    assert event("Todo.move", todo, "rank=5").out.splitlines() == would[1:]
    assert event("Todo.move", todo, "rank=5", "--dry-run").out.splitlines()[0] == "Nothing would change."


def test_what_is_private_or_secret_is_named_and_not_shown(event, todo):
    assert "    margin: not shown" in event("Todo.toggle", todo).out
    ended = event("Todo.lock", todo, "pin=4711", "--json")
    assert "4711" not in ended.out
    (change,) = json.loads(ended.out)["changes"]
    assert change["hidden"] == ["pin"]


def test_a_deletion_is_told(event, todo):
    assert event("Todo.delete", todo).out == f"- Todo {todo} is deleted\n"


def test_an_event_that_reads_answers(event, todo):
    assert event("Todo.shout", todo).out == "→ TEA\n"


def test_nothing_that_changed_is_told(event, todo):
    assert event("Todo.update", todo, "title=Tea").out == "Nothing changed.\n"


def test_programs_get_json(event, todo):
    document = json.loads(event("Todo.move", todo, "rank=5", "--json").out)
    (change,) = document["changes"]
    assert (document["dry_run"], document["replayed"], document["returned"]) == (False, False, "now at 5")
    assert (change["entity"], change["id"], change["version"]) == ("Todo", todo, 2)
    assert (change["before"], change["after"]) == ({"rank": 0}, {"rank": 5})


def test_arguments_can_be_json(event, todo):
    assert event("Todo.move", todo, "--args", '{"rank": 7, "tags": ["x=y"]}').code == 0
    assert "    rank: 7 → 8" in event("Todo.move", todo, "--args", '{"rank": 8}').out


def test_an_entity_whose_id_is_called_like_an_argument_can_be_named(event):
    assert event("Todo.create", "title", "title=Tea").out.startswith("+ Todo title is new\n")
    assert event("Todo.create", "rank", "--args", '{"title": "Tea"}').out.startswith("+ Todo rank is new\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Todo.move", "ID", "rank=-1"], "✘ That is not possible now: Not below the floor."),
        (["Todo.move", "ID", "rank=many"], "✘ Some values do not fit: rank: "),
        (["Todo.move", "ID"], "✘ Some values do not fit: rank: "),
        (["Todo.move", "ID", "rnak=1"], "rnak"),
        (["Todo.toggle", "nowhere"], "✘ Not found: There is nothing at this address"),
        (["Todo.toggle", "no id"], "✘ Not found: "),
        (["Todo.move", "ID", "--args", "{"], "✘ Some values do not fit: the body is not JSON"),
        (["Todo.move", "ID", "--args", "[1]"], "must be a JSON object"),
        (["Todo.togle", "ID"], "✘ Todo has no event 'togle'; did you mean 'toggle'?"),
        (["Tood.toggle", "ID"], "✘ there is no entity 'Tood'; did you mean 'Todo'?"),
        (["toggle", "ID"], "✘ 'toggle' is no event; write Entity.event, for example Todo.create"),
        (["Todo.", "ID"], "is no event"),
        (["Todo.toggle"], "✘ Todo.toggle is for one Todo; say which: Todo.toggle ID"),
        (["Todo.toggle", "ID", "extra"], "✘ 'extra' is no argument of Todo.toggle; write name=value"),
        (["Todo.create", "title"], "✘ 'title' is an argument of Todo.create; write title=...; if it is the id, give "),
        (["Todo.move", "rank", "5"], "✘ 'rank' is an argument of Todo.move; write rank=...; if it is the id, give "),
        (["Todo.move", "ID", "rank"], "✘ 'rank' is an argument of Todo.move; write rank=...\n"),
        (["Todo.move", "ID", "rank=1", "--args", "{}"], "and not both: rank=1"),
        (["Todo.toggle", "ID", "--key", "k" * 201], "visible ASCII characters"),
    ],
)
def test_what_is_refused_is_told_in_the_words_of_every_door(event, todo, arguments, words):
    ended = event(*(todo if word == "ID" else word for word in arguments))
    assert (ended.code, ended.out) == (1, "")
    assert words in ended.err
    assert "Traceback" not in ended.err


def test_a_refusal_is_a_problem_document_for_programs(event, todo):
    ended = event("Todo.move", todo, "rank=-1", "--json")
    document = json.loads(ended.out)
    assert (ended.code, document["status"], document["detail"]) == (1, 409, "Not below the floor.")


def test_a_mistake_in_an_event_is_told_with_its_line(event, todo, project):
    ended = event("Todo.crash", todo)
    assert ended.code == 1
    assert "✘ Todo.crash failed, and nothing was changed: ZeroDivisionError: division by zero" in ended.err
    assert f"{project}/main.py:32: 1 / 0" in ended.err
    assert "Traceback" not in ended.err


def test_a_program_is_told_the_reason_of_a_failure_too(event, todo, project):
    ended = event("Todo.crash", todo, "--json")
    told = json.loads(ended.out)
    assert (ended.code, told["status"], told["detail"]) == (1, 500, "ZeroDivisionError: division by zero")
    assert told["place"] == f"{project}/main.py:32: 1 / 0"


def test_whoever_is_named_is_asked_for_what_they_may(event, todo):
    assert "✘ Not allowed: Todo.toggle is not allowed: only Ada may" in event("Todo.toggle", todo, "--as", "bob").err
    assert event("Todo.toggle", todo, "--as", "bob", "--dry-run").code == 1
    assert event("Todo.toggle", todo, "--as", "ada").code == 0
    assert event("Todo.toggle", todo, "--as", "bob", "--role", "admin").code == 0
    assert event("Todo.toggle", todo, "--role", "admin").code == 2


def test_the_same_key_takes_effect_once(event, todo):
    assert "rank: 0 → 1" in event("Todo.move", todo, "rank=1", "--key", "k").out
    again = event("Todo.move", todo, "rank=1", "--key", "k")
    assert again.out.splitlines()[0] == "It had taken effect before; this is what it changed then:"
    assert "✘ Used already: " in event("Todo.move", todo, "rank=2", "--key", "k").err


def test_the_log_says_that_it_was_done_from_here(event, todo, cli):
    code = f"c = (await app.history.timeline(Todo, '{todo}'))[0].command.actor; print(c)"
    assert cli("shell", "-c", code).out == "cli\n"


def test_what_an_event_answers_does_not_steer_the_terminal(event, todo):
    event("Todo.update", todo, "title=a\x1b]0;b\x07\u202e")
    assert event("Todo.shout", todo).out == "→ A\\x1b]0;B\\x07\\u202e\n"
