"""What single steps cost in one process, beside what others do for the same: ``python -m benchmarks.pieces``."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

from fasthtml.common import to_xml

from starmodel.adapters.fasthtml.fragments import Fragments
from starmodel.adapters.fasthtml.wire import elements_frame
from starmodel.adapters.pydantic import PydanticCodec
from starmodel.app import Application, Catalog
from starmodel.core.query import Stored

from .contenders.counter import Counter, face
from .contenders.snapshots import AsDataclass, AsModel, Order, line
from .report import Table
from .timing import Call, best_of, best_of_awaited

__all__ = ["measure"]

OURS, DATACLASS, MODEL = "StarModel", "dataclass", "pydantic"
LINES = 100


def measure() -> list[Table]:
    """Time every piece."""
    return [_snapshots(), _web(), asyncio.run(_dispatch())]


def _snapshots() -> Table:
    cases = {
        "make one of 4 fields": _make(),
        "change one field (`evolve`, `replace`, `model_copy`)": _change(),
        "an event that assigns to self": _event("pay"),
        "an event that returns self.evolve(…)": _event("pay_by_evolve"),
        f"append to a list of {LINES}": _append(),
        "dump to plain values": _dump(),
    }
    rows = []
    for name, calls in cases.items():
        found = best_of(calls)
        others = [_microseconds(found.get(other)) for other in (DATACLASS, MODEL)]
        ratio = found[OURS] / min(found[DATACLASS], found.get(MODEL, float("inf")))
        rows.append([name, _microseconds(found[OURS]), *others, f"{ratio:.1f}"])
    columns = ["piece (µs)", OURS, "frozen dataclass", "frozen pydantic model", "ours to the faster"]
    return Table("Snapshots", columns, rows)


def _make() -> dict[str, Call]:
    return {
        OURS: lambda: Order(title="x"),
        DATACLASS: lambda: AsDataclass(title="x"),
        MODEL: lambda: AsModel(title="x"),
    }


def _change() -> dict[str, Call]:
    ours, other, model = Order(title="x"), AsDataclass(title="x"), AsModel(title="x")
    return {
        OURS: lambda: ours.evolve(paid=5),
        DATACLASS: lambda: other.replaced(paid=5),
        MODEL: lambda: model.model_copy(update={"paid": 5}),
    }


def _event(name: str) -> dict[str, Call]:
    event, other, model = getattr(Order(title="x"), name), AsDataclass(title="x"), AsModel(title="x")
    _expect(event(5).paid == other.pay(5).paid == model.pay(5).paid == 5)
    return {OURS: lambda: event(5), DATACLASS: lambda: other.pay(5), MODEL: lambda: model.pay(5)}


def _append() -> dict[str, Call]:
    lines = [line(number) for number in range(LINES)]
    ours, other = Order(title="x", lines=lines), AsDataclass(title="x", lines=tuple(lines))
    model = AsModel(title="x", lines=tuple(lines))
    one = line(LINES)
    _expect(len(ours.add(one).lines) == len(other.add(one).lines) == len(model.add(one).lines) == LINES + 1)
    return {OURS: lambda: ours.add(one), DATACLASS: lambda: other.add(one), MODEL: lambda: model.add(one)}


def _dump() -> dict[str, Call]:
    codec = PydanticCodec()
    ours, other, model = Order(title="x"), AsDataclass(title="x"), AsModel(title="x")
    return {
        OURS: lambda: codec.dump(ours),
        DATACLASS: other.dumped,
        MODEL: lambda: model.model_dump(mode="json"),
    }


def _web() -> Table:
    codec, kept = PydanticCodec(), Fragments()
    catalog = Catalog(codec)
    catalog.add(Counter)
    bind = catalog.handler("Counter", "increment").bind
    counter, body = Counter(id="lobby", count=5), Counter.increment.event.fn
    stored = Stored(counter, 7)
    html = face.render(counter)
    _expect(face.html(stored, "", frozenset(), kept) == html)
    pieces: dict[str, Call] = {
        "bind the arguments of an event": lambda: bind({"amount": 5}),
        "… by `inspect.signature` at each call": lambda: inspect.signature(body).bind(counter, amount=5),
        "render a view": lambda: face.render(counter),
        "… the same elements by FastHTML alone": lambda: to_xml(face.fn(counter)),
        "… a view rendered before": lambda: face.html(stored, "", frozenset(), kept),
        "encode a frame": lambda: elements_frame(html),
        "… by an f-string that trusts its text": lambda: _naive_frame(html),
    }
    found = best_of(pieces)
    return Table("Web", ["piece", "µs"], [[name, _microseconds(seconds)] for name, seconds in found.items()])


def _naive_frame(html: str) -> bytes:
    return f"event: datastar-patch-elements\ndata: elements {html}\n\n".encode()


async def _dispatch() -> Table:
    async with Application([Counter], codec=PydanticCodec()) as app:
        made = await app.dispatch(Counter.create())
        command = Counter.increment(1).on(_id_of(made.entity))
        road = await best_of_awaited(lambda: app.dispatch(command))
        counter = Counter(count=1)
        event = best_of({OURS: lambda: counter.increment(1)})[OURS]
    pieces = {"a command on the whole road, memory store": road, "… its event alone": event}
    rows = [[name, _microseconds(seconds)] for name, seconds in pieces.items()]
    return Table("A command in process", ["piece", "µs"], rows)


def _id_of(entity: Any) -> str:
    return str(entity.id)


def _microseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1e6:.2f}" if seconds < 1e-5 else f"{seconds * 1e6:.1f}"


def _expect(condition: bool) -> None:  # noqa: FBT001 - like assert, but not to be switched off
    if not condition:
        raise RuntimeError("the contenders do not do the same")


if __name__ == "__main__":
    for table in measure():
        print(table)
