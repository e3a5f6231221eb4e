"""Pages in the reader's language: complete catalogues, a choice that is remembered, and an application's own words."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path

import phrases
import pytest
from asgi_visitors import Visitor

from starmodel.adapters.fasthtml.crud.languages import Languages, read_catalogue
from starmodel.adapters.fasthtml.crud.scripts import SCRIPT_PHRASES
from starmodel.core import Entity
from starmodel.core.errors import DefinitionError

LOCALES = Path(phrases.crud.__file__).parent / "locales"
OURS = sorted(LOCALES.glob("*.po"))


class Shift(Entity):
    takes: timedelta = timedelta(minutes=90)


class Task(Entity):
    title: str
    cost: Decimal = Decimal("1234.50")
    made: datetime = datetime(2026, 1, 2, 13, 4, tzinfo=UTC)


@pytest.fixture
async def app(start):
    return await start(Task)


@pytest.fixture
async def task(app):
    return (await app.application.dispatch(Task.create(title="Milk").on("a"))).entity


class TestCatalogues:
    @pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
    def test_every_phrase_of_the_pages_is_in_it_and_no_other(self, path):
        told = set(read_catalogue(path).texts)
        missing, stale = phrases.wanted() - told, told - phrases.wanted()
        assert not missing, f"add to {path.name}: {sorted(map(str, missing))}"
        assert not stale, f"nothing says this any more, take it out of {path.name}: {sorted(map(str, stale))}"

    def test_there_are_german_and_arabic(self):
        assert {path.stem for path in OURS} == {"de", "ar"}

    def test_the_source_is_really_read(self):
        assert {"Edit", "Search {things}", ("{count} result", "{count} results")} <= phrases.wanted()

    def test_the_scripts_are_told_everything_they_say(self):
        assert set(SCRIPT_PHRASES) == phrases.in_scripts()

    def test_no_text_names_what_its_phrase_does_not(self):
        for path in OURS:
            for phrase, text in read_catalogue(path).texts.items():
                if isinstance(phrase, str):
                    named = [sorted(re.findall(r"{\w*}", one)) for one in (phrase, text)]
                    assert named[0] == named[1], (path.name, phrase)


class TestWords:
    @pytest.mark.parametrize(
        ("language", "count", "text"),
        [
            ("en", 1, "1 result"),
            ("en", 0, "0 results"),
            ("de", 1, "1 Treffer"),
            ("de", 12345, "12.345 Treffer"),
            ("ar", 1, "نتيجة واحدة"),
            ("ar", 2, "نتيجتان"),
            ("ar", 3, "3 نتائج"),
            ("ar", 11, "11 نتيجة"),
        ],
    )
    def test_they_count_as_the_language_does(self, language, count, text):
        said = Languages().words(language, "UTC").many(count, "{count} result", "{count} results")
        assert re.sub(r"\d", lambda digit: str(int(digit[0])), said) == text

    def test_equal_numbers_keep_the_places_that_each_is_written_with(self):
        number = Languages().words("en", "UTC").number
        assert [number(Decimal(text)) for text in ("9.9", "9.90", "9.900")] == ["9.9", "9.90", "9.900"]
        assert (number(1), number(1.5), number(Decimal("1.50"))) == ("1", "1.5", "1.50")

    @pytest.mark.parametrize("value", [10**30, -1e300, 1e-300, Decimal("1E+999999"), Decimal("1E-999999")])
    def test_a_number_that_nobody_can_read_is_told_as_it_is(self, value):
        assert Languages().words("de", "UTC").number(value) == str(value)

    @pytest.mark.parametrize(
        ("language", "span", "text"),
        [
            ("en", timedelta(minutes=90), "1 hour 30 minutes"),
            ("de", timedelta(minutes=90), "1 Stunde 30 Minuten"),
            ("en", timedelta(days=1000, seconds=1), "1,000 days 1 second"),
            ("en", -timedelta(hours=36), "−1 day 12 hours"),  # noqa: RUF001  (the sign of a number)
            ("en", timedelta(seconds=1, microseconds=250_001), "1.250001 seconds"),
            ("en", timedelta(0), "0 seconds"),
            ("en", timedelta.max, "999,999,999 days 23 hours 59 minutes 59.999999 seconds"),
        ],
        ids=str,
    )
    def test_nothing_of_a_span_of_time_is_rounded_away(self, language, span, text):
        assert Languages().words(language, "UTC").moment(span) == text

    def test_nouns_are_small_within_a_sentence_but_in_german(self):
        languages = Languages()
        assert languages.words("en", "UTC").within("Order line") == "order line"
        assert languages.words("de", "UTC").within("Auftrag") == "Auftrag"

    @pytest.mark.parametrize("zone", ["Nowhere/Atall", "../../etc/passwd", "\0", "x" * 64])
    def test_a_zone_that_is_none_is_utc(self, zone):
        assert Languages().words("en", zone).zone == "UTC"

    @pytest.mark.parametrize(
        ("wanted", "language"),
        [
            ("de-AT,de;q=0.9,en;q=0.5", "de"),
            ("fr, ar;q=0.3", "ar"),
            ("", "en"),
            ("xx;q=what, *", "en"),
            ("de;q=², ar", "ar"),
            ("DE", "de"),
        ],
    )
    def test_the_first_language_of_ours_that_a_browser_takes(self, wanted, language):
        assert Languages().chosen(wanted) == language


class TestAnApplicationsOwn:
    def write(self, folder, name, text, header='msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'):
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(header + text, encoding="utf-8")
        return folder

    async def test_its_labels_are_told_and_go_before_ours(self, app, task, tmp_path):
        words = (
            'msgid "Tasks"\nmsgstr "Aufgaben"\n\nmsgid "Cost"\nmsgstr "Preis"\n\nmsgid "Edit"\nmsgstr "Umschreiben"\n'
        )
        app.pages.add_catalogues(self.write(tmp_path / "locales", "de.po", words))
        visitor = Visitor(app)
        page = await visitor.get("/task/a", accept_language="de")
        for text in (">Aufgaben</a>", "<dt>Preis</dt>", ">Umschreiben<", ">Löschen<"):
            assert text in page.text

    async def test_its_labels_are_its_own_also_when_we_say_the_same(self, start):
        class Door(Entity):
            open: bool = False
            model_config = {"label": "Search", "plural": "Views"}

        app = await start(Door)
        await app.application.dispatch(Door.create())
        page = (await Visitor(app).get("/door", accept_language="de")).text
        assert "<h1>Views</h1>" in page
        assert ">Open</a>" in page

    async def test_it_may_bring_another_language(self, app, tmp_path):
        app.pages.add_catalogues(self.write(tmp_path, "fr.po", 'msgid "Tasks"\nmsgstr "Tâches"\n'))
        page = (await Visitor(app).get("/task", accept_language="fr")).text
        assert '<html lang="fr"' in page
        assert ">Tâches</a>" in page
        assert 'href="/_starmodel/language/fr"' in page

    @pytest.mark.parametrize(
        ("name", "text", "wrong"),
        [
            ("klingonese.po", 'msgid "Tasks"\nmsgstr "x"\n', "named after no language"),
            ("de.po", 'msgid "Tasks"\nmsgstr "{secret}"\n', "names {secret}"),
            ("de.po", 'msgid "New {thing}"\nmsgstr "{thing.__class__}"\n', "names {thing.__class__}"),
            ("de.po", 'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=open(1);\\n"\n', "can be read"),
            ("de.txt", "", "there is no catalogue"),
        ],
    )
    def test_one_that_cannot_be_right_is_refused_at_once(self, tmp_path, name, text, wrong):
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(DefinitionError, match=re.escape(wrong)):
            Languages().add(tmp_path)


class TestTheChoice:
    async def test_a_link_chooses_the_language_and_leads_back(self, app, visitor):
        answer = await visitor.get("/_starmodel/language/de", referer="http://localhost/task?q=x")
        assert (answer.status, answer.header("location")) == (303, "/task?q=x")
        [cookie] = [one for one in answer.all("set-cookie") if one.startswith("sm-lang")]
        assert cookie == "sm-lang=de; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"
        page = await visitor.get("/task", accept_language="ar")
        assert '<html lang="de" dir="ltr">' in page.text
        assert ">Suchen<" in page.text

    async def test_over_https_the_cookie_is_secure(self, app):
        answer = await Visitor(app, scheme="https").get("/_starmodel/language/ar")
        assert any("sm-lang=ar" in cookie and cookie.endswith("; Secure") for cookie in answer.all("set-cookie"))

    @pytest.mark.parametrize("code", ["xx", "EN", "de;x=1", "..", "%0d%0aset-cookie:x=1"])
    async def test_a_language_that_is_none_is_not_found(self, app, visitor, code):
        answer = await visitor.get(f"/_starmodel/language/{code}")
        assert answer.status == 404
        assert not any("sm-lang" in cookie for cookie in answer.all("set-cookie"))

    async def test_it_leads_to_no_other_site(self, app, visitor):
        answer = await visitor.get("/_starmodel/language/de", referer="https://elsewhere.example/task")
        assert answer.header("location") == "/"

    async def test_each_language_stands_in_the_menu_in_its_own_words(self, app, visitor):
        page = (await visitor.get("/task", accept_language="de")).text
        found = dict(re.findall(r'<a href="/_starmodel/language/(\w+)"[^>]*>([^<]*)</a>', page))
        assert found == {"en": "English", "de": "Deutsch", "ar": "العربية"}
        assert re.search(r'language/de"[^>]*aria-current', page)


class TestPages:
    async def test_numbers_and_times_are_the_readers(self, app, task, visitor):
        visitor.cookies["sm-tz"] = "America%2FNew_York"
        page = (await visitor.get("/task/a", accept_language="de")).text
        assert "1.234,50" in page
        assert "02.01.2026, 08:04:00" in page

    async def test_arabic_is_written_from_right_to_left(self, app, visitor):
        assert '<html lang="ar" dir="rtl">' in (await visitor.get("/task", accept_language="ar")).text

    async def test_errors_are_in_the_readers_language(self, app, visitor):
        page = (await visitor.get("/task/none", accept_language="de")).text
        assert "Unter dieser Adresse gibt es nichts" in page
        assert "<h1>Nicht gefunden</h1>" in page

    @pytest.mark.parametrize(("language", "told"), [("en", "is required"), ("de", "fehlt"), ("ar", "مطلوب")])
    async def test_what_is_wrong_with_a_value_is_told_in_it_by_every_page(self, app, visitor, language, told):
        asked = {"accept_language": language}
        page = await visitor.form("/task/create", {"_form": "/task"}, accept="text/html", **asked)
        checked = await visitor.form("/task/do/create", {"_form": "/task"}, **asked)
        script = await visitor.click("/task/create", **asked)
        program = await visitor.post("/task/create", {}, accept="application/json", **asked)
        assert page.text.count(told) == 2
        assert [one["message"] for one in checked.json["errors"]] == [told]
        assert [one["message"] for one in script.json["errors"]] == [told]
        assert script.json["detail"] == f"title: {told}"
        assert [one["message"] for one in program.json["errors"]] == ["is required"]

    async def test_the_scripts_speak_it_too(self, app, visitor):
        page = (await visitor.get("/task", accept_language="de")).text
        table = json.loads(unescape(re.search(r'data-sm-words="([^"]*)"', page)[1]))
        assert table["Cancel"] == "Abbrechen"
        assert "sm-words" not in (await visitor.get("/task", accept_language="en")).text

    async def test_the_timeline_is_in_words_of_the_language(self, app, task, visitor):
        await visitor.get("/task/a")
        await visitor.click("/task/a/update", {"title": "Oats"})
        page = (await visitor.get("/task/a", accept_language="de")).text
        assert "<strong>Geändert</strong>" in page
        assert "Sie · " in page


class TestDirections:
    """What is read from the other side keeps its own order: "C++ (new)" is no "(new) ++C" on an Arabic page."""

    ARABIC = "كتاب"

    @pytest.mark.parametrize(
        ("language", "text", "turns"),
        [
            ("en", "C++ (new)", False),
            ("de", "Größe", False),
            ("en", ARABIC, True),
            ("ar", "C++ (new)", True),
            ("ar", ARABIC, False),
            ("ar", "12.50 (+3)", False),
            ("ar", "Ω", True),
        ],
    )
    def test_what_turns_is_set_apart_from_the_sentence_around_it(self, language, text, turns):
        words = Languages().words(language, "UTC")
        assert words.turns(text) is turns
        assert words.isolated(text) == (f"\u2068{text}\u2069" if turns else text)
        assert (f"\u2068{text}\u2069" in words("Edit {name}", name=text)) is turns

    async def test_values_names_and_headings_keep_their_order(self, app, task, visitor):
        await app.application.dispatch(Task.update(title="C++ <new>").on("a"))
        visitor.cookies["sm-lang"] = "ar"
        row, page = (await visitor.get("/task")).text, (await visitor.get("/task/a")).text
        assert '<a href="/task/a"><bdi>C++ &lt;new&gt;</bdi></a>' in row
        assert "<h1>\u2068C++ &lt;new&gt;\u2069</h1>" in page
        assert "<dd><bdi>C++ &lt;new&gt;</bdi></dd>" in page
        assert "<bdi>" not in (await Visitor(app).get("/task")).text

    async def test_what_is_typed_is_read_as_it_is(self, app, task, visitor):
        assert 'dir="auto"' in re.search(r'<input[^>]*name="title"[^>]*>', (await visitor.get("/task/new")).text)[0]


async def test_a_form_says_how_a_span_of_time_is_written(start):
    visitor = Visitor(await start(Shift))
    assert "As hours, minutes and seconds: 1:30:00" in (await visitor.get("/shift/new")).text
    german = await visitor.get("/shift/new", accept_language="de")
    assert "Als Stunden, Minuten und Sekunden: 1:30:00" in german.text
