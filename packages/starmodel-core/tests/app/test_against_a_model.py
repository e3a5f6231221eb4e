"""Any sequence of creating, updating, deleting, undoing and repeating leaves what a plain dict would hold."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.app import Application
from starmodel.core import Command, Entity, NotFoundError
from starmodel.core.errors import UndoError
from starmodel.testing import PlainCodec, SequentialIds


class Item(Entity):
    name: str = ""
    count: int = 0


names, counts = st.sampled_from(["", "a", "b"]), st.integers(0, 2)


class Everyday(RuleBasedStateMachine):
    """*model* maps ids to field values; *done* has what each command changed: id to (before, after)."""

    ids = Bundle("ids")
    commands = Bundle("commands")

    @initialize()
    def begin(self):
        self.runner = asyncio.Runner()
        self.app = Application([Item], codec=PlainCodec(), stores={"memory": MemoryRepo()}, ids=SequentialIds("c"))
        self.runner.run(self.app.open())
        self.model, self.done, self.sent, self.versions = {}, {}, {}, {}

    def teardown(self):
        self.runner.run(self.app.close())
        self.runner.close()

    def send(self, command):
        result = self.runner.run(self.app.dispatch(command))
        self.sent[result.command.id] = result.command
        return result

    @rule(target=ids, name=names, count=counts)
    def create(self, name, count):
        result = self.send(Item.create(name=name, count=count))
        id = result.entity.id
        assert id not in self.model
        self.model[id] = {"name": name, "count": count}
        self.done[result.command.id] = (id, None, dict(self.model[id]))
        return id

    @rule(target=commands, id=ids, fields=st.fixed_dictionaries({}, optional={"name": names, "count": counts}))
    def update(self, id, fields):
        command = Item.update(**fields).on(id)
        if id not in self.model:
            self.refused(command, NotFoundError)
            return None
        before = dict(self.model[id])
        self.model[id].update(fields)
        changed = {name for name in before if before[name] != self.model[id][name]}
        sent = self.send(command).command.id
        self.done[sent] = (id, {n: before[n] for n in changed}, {n: self.model[id][n] for n in changed})
        return sent

    @rule(target=commands, id=consumes(ids))
    def delete(self, id):
        if id not in self.model:
            self.refused(Item.delete().on(id), NotFoundError)
            return None
        before = self.model.pop(id)
        sent = self.send(Item.delete().on(id)).command.id
        self.done[sent] = (id, before, None)
        return sent

    @rule(command=commands)
    def undo(self, command):
        taking_back = Command(entity="Item", event="undo", args={"command": str(command)})
        if not self.may_undo(command):
            self.refused(taking_back, UndoError)
            return
        id, before, after = self.done[command]
        self.send(taking_back)
        if after is None:
            self.model[id] = dict(before)
        else:
            self.model[id].update(before)

    def may_undo(self, command):
        id, before, after = self.done.get(command, (None, None, None))
        if id is None or (before == {} and after == {}):
            return False
        if after is None:
            return id not in self.model
        return id in self.model and all(self.model[id][name] == value for name, value in after.items())

    @rule(command=commands)
    def repeat(self, command):
        if command is not None:
            sent = replace(self.sent[command], at=None, actor=None)
            assert self.runner.run(self.app.dispatch(sent)).replayed

    def refused(self, command, kind):
        try:
            self.runner.run(self.app.dispatch(command))
        except kind:
            return
        raise AssertionError(f"{command} should have been refused")

    @invariant()
    def the_store_holds_what_the_model_holds(self):
        page = self.runner.run(self.app.find(Item, limit=1000))
        found = {s.entity.id: {"name": s.entity.name, "count": s.entity.count} for s in page.items}
        assert found == self.model
        for stored in page.items:
            assert stored.version >= self.versions.get(stored.entity.id, 0)
            self.versions[stored.entity.id] = stored.version


TestEveryday = Everyday.TestCase
TestEveryday.settings = settings(max_examples=80, stateful_step_count=30)
