"""Contract of a codec's way out and back: dump, load, plain, schema."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from starmodel.core.errors import InvalidError
from starmodel.core.events import events_of
from starmodel.core.files import File
from starmodel.core.parameters import parameters_of
from starmodel.core.ports import Codec
from starmodel.core.snapshot import lens_of
from starmodel.testing.naming import case_name

from .base import CodecSuite, refused, through_json
from .samples import Account, Invoice, Level, Line, Paper, Seat, Team

__all__ = ["CarryingContract"]

PASSWORD = "hunter2"  # noqa: S105  (a sample)

SCAN = File("0" * 32, "a.pdf", 10, "application/pdf")

VALUES: tuple[Mapping[str, Any], ...] = (
    *(
        {"title": text}
        for text in ("", "Grüße ☕ 👩‍👩‍👧‍👦 שלום e\u0301", "a\n\t\"'\\<b>&\u2028\x01", "null", "1" * 10_000)
    ),
    *({"number": number} for number in (0, -1, 2**53 + 1, 10**40)),
    *({"ratio": ratio} for ratio in (0.1, 1 / 3, 1.7976931348623157e308, 5e-324, -2.0)),
    {"paid": True},
    *({"note": note} for note in (None, "", "text")),
    *({"price": Decimal(text)} for text in ("0.10", "-12345678901234567890.123456789", "0")),
    {"day": date(2024, 2, 29)},
    {"at": datetime(2025, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)},
    {"at": datetime(2025, 1, 1, 12, 0, tzinfo=timezone(timedelta(hours=5, minutes=30)))},
    {"at": datetime(2025, 1, 1, 12, 0)},  # noqa: DTZ001  (a time without a zone is a value too)
    {"clock": time(23, 59, 59, 5)},
    *({"span": timedelta(days=days, microseconds=1)} for days in (0, 400, -3)),
    {"key": UUID("12345678-1234-5678-1234-567812345678")},
    {"level": Level.HIGH},
    *({"size": size} for size in ("m", 3)),
    {"line": Line("x", 2, Decimal("1.5"))},
    {"lines": [Line("a"), Line("b", -1)]},
    {"counts": {"": 0, "a b": 1, "ключ": -5}},
    {"by_number": {1: [Level.LOW, Level.HIGH], -2: []}},
    {"labels": {"a", "b", ""}},
    {"pair": (5, "x")},
    {"rest": (1, 2, 3)},
    *({"either": either} for either in (5, "5", "", None)),
    {"data": {"a": [1, "x", None, True, {"b": 1.5}]}},
)


class CarryingContract(CodecSuite):
    """Out and back."""

    @pytest.mark.parametrize("fields", VALUES, ids=case_name)
    def test_every_value_comes_back_through_json(self, codec: Codec, fields: Mapping[str, Any]) -> None:
        invoice = Invoice(**{"title": "t", **fields})
        back = codec.load(Invoice, through_json(codec.dump(invoice)))
        [name] = fields
        assert back == invoice
        assert type(getattr(back, name)) is type(getattr(invoice, name))

    @pytest.mark.parametrize("fields", VALUES, ids=case_name)
    def test_a_dump_can_be_parsed(self, codec: Codec, fields: Mapping[str, Any]) -> None:
        invoice = Invoice(**{"title": "t", **fields})
        assert codec.parse(Invoice, through_json(codec.dump(invoice))) == invoice

    def test_a_dump_holds_every_field(self, codec: Codec) -> None:
        assert codec.dump(Invoice(title="t")).keys() == set(Invoice.__entity_fields__)

    def test_a_lens_is_dumped_like_its_snapshot(self, codec: Codec) -> None:
        account = Account(owner="ada", tags=["a"])
        assert codec.dump(lens_of(account, lambda: None)) == codec.dump(account)

    def test_a_full_dump_holds_what_is_not_public(self, codec: Codec) -> None:
        account = Account(owner="ada", margin=7, password=PASSWORD)
        assert codec.load(Account, through_json(codec.dump(account))) == account

    def test_a_public_dump_leaves_out_what_is_not_public(self, codec: Codec) -> None:
        data = codec.dump(Account(id="a", owner="ada", margin=7, password=PASSWORD), public=True)
        assert through_json(data) == {"id": "a", "owner": "ada", "age": 0, "tags": []}

    def test_a_public_dump_leaves_out_what_is_not_public_of_entities_inside(self, codec: Codec) -> None:
        ada = Account(id="a", owner="ada", margin=7, password=PASSWORD)
        team = Team(id="t", lead=ada, members=[ada], by_role={"boss": ada}, seat=Seat(ada))
        shown = {"id": "a", "owner": "ada", "age": 0, "tags": []}
        assert through_json(codec.dump(team, public=True)) == {
            "id": "t",
            "name": "",
            "lead": shown,
            "members": [shown],
            "by_role": {"boss": shown},
            "seat": {"who": shown, "row": 1},
        }
        assert codec.load(Team, through_json(codec.dump(team))) == team

    def test_a_file_is_carried_whole(self, codec: Codec) -> None:
        paper = Paper(id="p", scan=SCAN, draft=SCAN)
        assert codec.load(Paper, through_json(codec.dump(paper))) == paper

    def test_a_public_dump_has_the_address_of_a_file_and_not_its_key(self, codec: Codec) -> None:
        data = through_json(codec.dump(Paper(id="p", scan=SCAN, draft=SCAN), public=True))
        shown = {"name": "a.pdf", "size": 10, "type": "application/pdf", "url": "/paper/p/files/scan"}
        assert data == {"id": "p", "scan": shown}
        assert through_json(codec.dump(Paper(id="p"), public=True)) == {"id": "p", "scan": None}

    def test_a_schema_says_how_a_file_is_shown_and_how_it_is_sent(self, codec: Codec) -> None:
        [shown, nothing] = codec.schema(Paper)["properties"]["scan"]["anyOf"]
        assert shown["properties"].keys() == {"name", "size", "type", "url"}
        assert nothing == {"type": "null"}
        parameters = parameters_of(Paper, events_of(Paper)["attach"])
        assert codec.arguments_schema("attach", parameters)["properties"]["scan"]["type"] == "string"

    def test_loading_passes_over_what_newer_code_wrote(self, codec: Codec) -> None:
        data = {**codec.dump(Account(owner="ada")), "later": {"x": 1}}
        assert codec.load(Account, data).owner == "ada"

    def test_loading_fills_in_what_older_code_did_not_write(self, codec: Codec) -> None:
        assert codec.load(Account, {"id": "a", "owner": "ada"}) == Account(id="a", owner="ada")

    def test_loading_what_does_not_fit_says_so(self, codec: Codec) -> None:
        assert refused(codec.load, Account, {"owner": "ada", "age": "old"})

    def test_what_is_loaded_cannot_be_changed(self, codec: Codec) -> None:
        account = codec.load(Account, {"owner": "ada", "tags": ["a"]})
        with pytest.raises(TypeError):
            account.tags.append("b")

    def test_a_missing_id_is_made_anew(self, codec: Codec) -> None:
        first, second = codec.parse(Account, {"owner": "ada"}), codec.parse(Account, {"owner": "ada"})
        assert first.id != second.id

    @pytest.mark.parametrize(
        "value",
        [
            1,
            "x",
            None,
            [Decimal(1), {date(2025, 1, 1)}],
            {"a": Level.HIGH, "b": Line("x")},
            {1: (2, 3)},
            Account(owner="ada"),
        ],
        ids=case_name,
    )
    def test_any_value_can_be_made_plain(self, codec: Codec, value: Any) -> None:
        json.dumps(codec.plain(value), allow_nan=False)

    def test_what_has_no_plain_form_is_a_type_error(self, codec: Codec) -> None:
        for value in (object(), lambda: None, {"a": [object()]}):
            with pytest.raises(TypeError):
                codec.plain(value)

    def test_a_schema_tells_the_public_side_alone(self, codec: Codec) -> None:
        schema = through_json(codec.schema(Account))
        assert schema["type"] == "object"
        assert schema["properties"].keys() == {"id", "owner", "age", "tags"}
        assert schema.get("required") == ["owner"]
        assert not any(word in json.dumps(schema) for word in ("margin", "password"))

    def test_a_schema_tells_the_public_side_of_entities_inside(self, codec: Codec) -> None:
        schema = json.dumps(codec.schema(Team))
        assert "owner" in schema
        assert not any(word in schema for word in ("margin", "password"))

    def test_a_schema_of_arguments_names_them_as_they_are_sent(self, codec: Codec) -> None:
        parameters = parameters_of(Account, events_of(Account)["befriend"])
        schema = through_json(codec.arguments_schema("Account.befriend", parameters))
        assert schema["properties"].keys() == {"friend", "note"}
        assert schema["properties"]["friend"]["type"] == "string"
        assert schema.get("required") == ["friend"]

    def test_an_error_of_a_codec_is_an_invalid_error(self, codec: Codec) -> None:
        assert isinstance(refused(codec.parse, Account, {}), InvalidError)
