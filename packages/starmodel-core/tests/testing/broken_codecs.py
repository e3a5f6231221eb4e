"""Codecs with one fault each, and the tests of the suite that must notice it.  Run by test_the_suites_bite.py."""

from __future__ import annotations

import contextlib
from typing import ClassVar

import pytest

from starmodel.core.entity import fields_of
from starmodel.core.errors import InvalidError, Problem
from starmodel.testing import CodecContract, PlainCodec
from starmodel.testing.codec.samples import Account


class Suite(CodecContract):
    """The codec suite on one broken codec."""

    __test__ = False
    Codec: ClassVar[type[PlainCodec]]
    caught_by: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.__test__ = True

    @pytest.fixture
    def codec(self):
        return self.Codec()


class BrokenBinder(PlainCodec):
    """Binds as *bound* says, which gets the honest binder."""

    def binder(self, name, parameters):
        honest = super().binder(name, parameters)
        return lambda args, *, text=False: self.bound(honest, parameters, args, text)


class TestParsesUnknownNames(Suite):
    caught_by = ("test_an_odd_name_is_unexpected", "test_a_problem_says_where_it_is")

    class Codec(PlainCodec):
        def parse(self, kind, data):
            return self.load(kind, data)


class TestBindsUnknownNames(Suite):
    caught_by = (
        "test_arguments_that_are_unknown_missing_or_wrong_are_named",
        "test_an_event_without_arguments_takes_none",
        "test_creation_asks_for_what_has_no_default_and_refuses_what_is_private",
    )

    class Codec(BrokenBinder):
        def bound(self, honest, parameters, args, text):
            names = {parameter.name for parameter in parameters}
            return honest({name: value for name, value in args.items() if name in names}, text=text)


class TestShowsWhatIsNotPublic(Suite):
    caught_by = ("test_a_public_dump_leaves_out_what_is_not_public",)

    class Codec(PlainCodec):
        def dump(self, entity, *, public=False):
            return super().dump(entity)


class TestDescribesWhatIsNotPublic(Suite):
    caught_by = ("test_a_schema_tells_the_public_side_alone",)

    class Codec(PlainCodec):
        def schema(self, kind):
            schema = super().schema(kind)
            return {**schema, "properties": {**schema["properties"], **{name: {} for name in fields_of(kind)}}}


class TestRepeatsTheRefusedValue(Suite):
    caught_by = ("test_a_refused_value_is_never_repeated",)

    class Codec(PlainCodec):
        def parse(self, kind, data):
            try:
                return super().parse(kind, data)
            except InvalidError as error:
                problems = [Problem(one.loc, f"{one.message}, not {data!r}") for one in error.problems]
                raise InvalidError(problems) from None


class TestNamesTheFirstProblemOnly(Suite):
    caught_by = ("test_every_wrong_field_is_named_at_once",)

    class Codec(PlainCodec):
        def parse(self, kind, data):
            try:
                return super().parse(kind, data)
            except InvalidError as error:
                raise InvalidError(error.problems[:1]) from None


class TestSaysNotWhere(Suite):
    caught_by = ("test_a_problem_says_where_it_is", "test_a_missing_field_is_named")

    class Codec(PlainCodec):
        def parse(self, kind, data):
            try:
                return super().parse(kind, data)
            except InvalidError as error:
                raise InvalidError([Problem((), str(error))]) from None


class TestRoundsMoney(Suite):
    caught_by = ("test_every_value_comes_back_through_json",)

    class Codec(PlainCodec):
        def dump(self, entity, *, public=False):
            data = super().dump(entity, public=public)
            return {**data, "price": float(data["price"])} if "price" in data else data


class TestShowsTheSecretsOfEntitiesInside(Suite):
    caught_by = ("test_a_public_dump_leaves_out_what_is_not_public_of_entities_inside",)

    class Codec(PlainCodec):
        def dump(self, entity, *, public=False):
            full = super().dump(entity)
            return {name: full[name] for name in super().dump(entity, public=public)}


class TestDescribesTheSecretsOfEntitiesInside(Suite):
    caught_by = ("test_a_schema_tells_the_public_side_of_entities_inside",)

    class Codec(PlainCodec):
        def schema(self, kind):
            return {**super().schema(kind), "$defs": {"Account": {"margin": {}}} if kind is not Account else {}}


class TestDumpsWhatIsNoJson(Suite):
    caught_by = ("test_every_value_comes_back_through_json", "test_a_dump_can_be_parsed")

    class Codec(PlainCodec):
        def dump(self, entity, *, public=False):
            return {name: getattr(entity, name) for name in entity.__entity_fields__ if name != "title"}


class TestForgetsTheZone(Suite):
    caught_by = ("test_every_value_comes_back_through_json",)

    class Codec(PlainCodec):
        def dump(self, entity, *, public=False):
            data = super().dump(entity, public=public)
            return {**data, "at": data["at"][:26]} if data.get("at") else data


class TestRefusesWhatNewerCodeWrote(Suite):
    caught_by = ("test_loading_passes_over_what_newer_code_wrote",)

    class Codec(PlainCodec):
        def load(self, kind, data):
            return self.parse(kind, data)


class TestInventsWhatWasNotGiven(Suite):
    caught_by = ("test_an_update_takes_any_of_the_fields_and_invents_none",)

    class Codec(BrokenBinder):
        def bound(self, honest, parameters, args, text):
            optional = {parameter.name: None for parameter in parameters if parameter.optional}
            return {**optional, **honest(args, text=text)}


class TestTakesBlanksForText(Suite):
    caught_by = ("test_a_blank_form_field_is_nothing_where_text_does_not_fit",)

    class Codec(BrokenBinder):
        def bound(self, honest, parameters, args, text):
            return {**honest(args, text=text), **({name: "" for name in args if args[name] == ""} if text else {})}


class TestTakesEveryWordForYes(Suite):
    caught_by = ("test_a_checkbox_is_understood",)

    class Codec(BrokenBinder):
        def bound(self, honest, parameters, args, text):
            if text and args.get("flag"):
                args = {**args, "flag": "true"}
            return honest(args, text=text)


class TestBreaksOnHostileData(Suite):
    caught_by = ("test_a_hostile_value_is_refused_or_harmless",)

    class Codec(PlainCodec):
        def parse(self, kind, data):
            with contextlib.suppress(TypeError):
                float(data.get("number", 0) or 0)
            return super().parse(kind, data)


class TestLetsThingsInThatCannotGetOut(Suite):
    caught_by = ("test_a_hostile_value_is_refused_or_harmless",)

    class Codec(BrokenBinder):
        def bound(self, honest, parameters, args, text):
            return dict(args)


class TestHandsOutWhatCanBeChanged(Suite):
    caught_by = ("test_a_default_is_fresh_each_time", "test_what_is_loaded_cannot_be_changed")

    class Codec(PlainCodec):
        def _read(self, kind, data, *, known_only):
            entity = super()._read(kind, data, known_only=known_only)
            vars(entity).update({name: list(value) for name, value in vars(entity).items() if isinstance(value, list)})
            return entity
