"""The way of a file into entities: sent, its columns mapped to fields, tried, and imported as a batch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starmodel.core.errors import ForbiddenError, NotFoundError, RefusedError
from starmodel.core.ui import Field

from .allowing import allowed
from .batches import Batch, batch_id, is_key, undoing
from .call import Content
from .importing import checked, import_rows
from .mapping import fields_for, guessed, keys_for
from .mapping_page import MOST_TRIED, SHOWN, OpenFile, mapping_page
from .panels import back_to_list, going_to, submit, with_pairs
from .posting import Sent, posted
from .records import Plan
from .tables import Dialect, Line, dialect_of, lines_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from .batches import Rows
    from .call import PageCall
    from .shape import Shape

__all__ = ["MOST_BYTES", "go_on_importing", "import_page", "import_sent"]

MOST_BYTES = 50 * 1024 * 1024


async def import_page(call: PageCall, shape: Shape) -> Content | ASGIApp:
    """Return the form that a file is sent by; with the token of one, how its columns are mapped."""
    _refuse_without(call, shape)
    if not call.first("file"):
        return _upload_page(call, shape)
    file = await _opened(call, call.pairs)
    found = None
    plan = _plan(call.pairs, file, shape)
    if call.first("do") == "check":
        found = await checked(call.site, shape, file.path, plan, call.read.actor, most=MOST_TRIED)
    return mapping_page(call, shape, file, plan, found)


async def import_sent(call: PageCall, shape: Shape) -> ASGIApp:
    """Return what keeps a file that is sent, or imports one that was."""
    _refuse_without(call, shape)
    return posted(call, shape, _sent, files=1)


def _refuse_without(call: PageCall, shape: Shape) -> None:
    if "create" not in shape.handlers:
        raise NotFoundError(shape.name, "import")
    if "create" not in allowed(call, shape):
        why = call.runtime.app.policy.decide(call.read.actor, "create", shape.kind, None, None).why
        raise ForbiddenError(f"{shape.name}.create", why)


def _visitor(call: PageCall) -> str:
    return str(call.read.actor.visitor or call.read.actor.id)


async def _sent(call: PageCall, shape: Shape, sent: Sent) -> ASGIApp:
    upload = sent.files.get("file")
    if upload is None:
        return await _begun(call, shape, sent)
    if not upload.size:
        raise RefusedError(call.words("The file is empty. Choose one that has a line for each record."))
    token = await call.site.uploads.keep(upload.file, _visitor(call))
    return going_to(with_pairs(f"{shape.path}/import", [("file", token)]))


async def _opened(call: PageCall, pairs: Sequence[tuple[str, str]]) -> OpenFile:
    given = dict(reversed(pairs))
    path = call.site.uploads.find(given.get("file", ""), _visitor(call))
    if path is None:
        raise RefusedError(call.words("The file has gone: it is kept for an hour. Send it again."))
    dialect = await asyncio.to_thread(dialect_of, path, given.get("encoding", ""), given.get("delimiter", ""))
    return await asyncio.to_thread(_looked_at, given["file"], path, dialect)


def _looked_at(token: str, path: Path, dialect: Dialect) -> OpenFile:
    lines = lines_of(path, dialect)
    header = next(lines, Line(1, [])).cells
    first: list[Line] = []
    count = 0
    for line in lines:
        count += 1
        if len(first) < SHOWN:
            first.append(line)
    return OpenFile(token, path, dialect, header, first, count)


def _plan(pairs: Sequence[tuple[str, str]], file: OpenFile, shape: Shape) -> Plan:
    known, given = {"id", *fields_for(shape)}, [text for name, text in pairs if name == "m"]
    fields = [name if name in known else "" for name in given] if given else guessed(shape, file.header)
    fields = (fields + [""] * len(file.header))[: len(file.header)]
    fields = [name if name not in fields[:number] else "" for number, name in enumerate(fields)]
    keys = keys_for(shape, fields)
    key = next((text for name, text in pairs if name == "key"), keys[0] if keys else "")
    return Plan(
        file.token,
        file.dialect.encoding,
        file.dialect.delimiter,
        tuple(fields),
        key if key in keys else "",
        whole=("refused", "none") in pairs,
    )


# -- pages -------------------------------------------------------------------------------------------------------------


def _upload_page(call: PageCall, shape: Shape) -> Content:
    words, kit = call.words, call.kit
    title = words("Import {things}", things=words.within(words.label(shape.plural)))
    needed = [words.label(one.label) for one in fields_for(shape).values() if one.required]
    most = words("CSV, up to {size} MiB. The first line names the columns.", size=MOST_BYTES // 1024**2)
    advice = words("Every record needs: {fields}.", fields=", ".join(needed)) if needed else ""
    field = Field(
        id="sm-file",
        name="file",
        label=words("File"),
        widget="file",
        required=True,
        help=f"{most} {advice}".strip(),
        attributes={"accept": ".csv,.tsv,.txt,text/csv"},
    )
    attributes = {"method": "post", "enctype": "multipart/form-data", "action": f"{shape.path}/import"}
    form = kit.form([kit.field(field)], [submit(call, words("Go on"), "upload", tone="primary")], attributes=attributes)
    return Content(
        title=title,
        parts=[kit.heading(title, actions=[back_to_list(call, shape, shape.path)]), kit.section("", [form])],
    )


# -- the import itself -------------------------------------------------------------------------------------------------


async def _begun(call: PageCall, shape: Shape, sent: Sent) -> ASGIApp:
    key, actor = sent.first("_batch"), call.read.actor
    if not is_key(key):
        raise RefusedError(call.words("Choose a file, and what goes where, before you import it."))
    id = batch_id(actor, key)
    if await call.runtime.app.persistence.for_class(Batch).get(Batch, id) is None:  # the file of a second click is gone
        file = await _opened(call, sent.pairs)
        plan = _plan(sent.pairs, file, shape)
        batch = Batch(id=id, of=shape.name, does="import", back=shape.path, plan=plan.to_json(), total=file.count)
        await call.site.batches.begin(
            batch, _rows(call, shape, file.path, plan, id), actor, _undo(call, shape, batch, plan)
        )
    return going_to(f"{shape.path}/batches/{id}")


async def _rows(call: PageCall, shape: Shape, path: Path, plan: Plan, batch: str) -> Rows:
    """Yield the rows of a batch; its file is deleted when they were all done."""
    async for row in import_rows(call.site, shape, path, plan, call.read.actor, batch):
        yield row
    call.site.uploads.drop(plan.token, _visitor(call))


def _undo(call: PageCall, shape: Shape, batch: Batch, plan: Plan) -> Any:
    if not plan.whole:
        return None
    return partial(undoing, call.runtime.app, shape.kind, f"{batch.id}.undo", batch)


def go_on_importing(call: PageCall, shape: Shape, batch: Batch) -> None:
    """Run an import that was cut short again; RefusedError when its file has gone meanwhile."""
    plan = Plan.from_json(batch.plan)
    path = None if plan is None else call.site.uploads.find(plan.token, _visitor(call))
    if plan is None or path is None:
        raise RefusedError(call.words("The file has gone: it is kept for an hour. Send it again."))
    untried = replace(plan, whole=False)  # what it has made already would stand in the way of a second trial
    rows = _rows(call, shape, path, untried, batch.id)
    call.site.batches.run(batch.id, rows, call.read.actor, _undo(call, shape, batch, plan))
