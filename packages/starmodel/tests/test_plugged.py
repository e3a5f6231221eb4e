"""What plugins bring to an application while it is put together: adapters, settings, entities, a kit."""

from __future__ import annotations

import sys
from textwrap import dedent

import pytest
from starlette.testclient import TestClient

from starmodel.adapters.fasthtml.plain import PlainKit
from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.bootstrap import Settings, create_app, create_application
from starmodel.core import Entity
from starmodel.core.errors import AdapterNotFoundError, ConfigurationError, DuplicateAdapterError
from starmodel.core.settings import PluginSetting
from starmodel.plugins import PluginHost, PluginLoadError, hookimpl


class Note(Entity):
    text: str = ""


class Sheet(Entity):
    text: str = ""
    model_config = {"store": "papyrus"}


class PapyrusRepo(MemoryRepo):
    """A store of somebody else's, which reads settings."""

    declares = (PluginSetting("PAPYRUS_INK", "The colour.", default="black"),)

    def __init__(self, ink="none"):
        super().__init__()
        self.ink = ink

    @classmethod
    def from_settings(cls, settings):
        return cls(f"{settings['PAPYRUS_INK']}{' in development' if settings.development else ''}")


class Papyrus:
    @hookimpl
    def starmodel_register(self, registry):
        registry.add("store", "papyrus", PapyrusRepo)


def bringing(hook, answer):
    class Bringing:
        @hookimpl(specname=hook)
        def part(self):
            return answer

    return Bringing()


def host_of(*plugins, **options):
    host = PluginHost(**options)
    for name, plugin in zip("abcd", plugins, strict=False):
        host.add(plugin, name)
    return host


def error_of(host, name="a"):
    return next(record.error for record in host.records if record.name == name)


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a distribution that offers the class ``Repo`` of *code* as the store *name*."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(distribution, name, code):
        module = distribution.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(dedent(code))
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[starmodel.persistence]\n{name} = {module}:Repo\n")

    yield install
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def store_of(kind, host, **settings):
    application = create_application(kind, plugins=host, settings=Settings(**settings))
    return application.persistence.for_class(kind)


def test_a_registered_store_is_made_with_what_it_declares(monkeypatch):
    assert store_of(Sheet, host_of(Papyrus())).ink == "black"
    monkeypatch.setenv("PAPYRUS_INK", "red")
    assert store_of(Sheet, host_of(Papyrus()), env="development").ink == "red in development"


def test_an_entity_that_comes_later_is_kept_in_a_store_with_its_settings(tmp_path):
    url = f"sqlite:///{tmp_path}/later.db"
    application = create_application(settings=Settings(store="sql", database_url=url, env="development"))
    application.add(Note)
    assert application.persistence.for_class(Note).url.url.database == f"{tmp_path}/later.db"


def test_a_store_of_a_package_needs_no_hook(install):
    code = "from starmodel.adapters.persistence.memory import MemoryRepo\nclass Repo(MemoryRepo): ..."
    install("acme-papyrus", "papyrus", code)
    assert type(store_of(Sheet, PluginHost())).__module__ == "acme_papyrus"


def test_a_setting_of_an_adapter_that_is_missing_is_told(install):
    code = """
        from starmodel.adapters.persistence.memory import MemoryRepo
        from starmodel.core.settings import PluginSetting

        class Repo(MemoryRepo):
            declares = (PluginSetting("PAPYRUS_KEY", "Opens the archive.", required=True),)

            @classmethod
            def from_settings(cls, settings):
                return cls()
    """
    install("acme-papyrus", "papyrus", code)
    with pytest.raises(ConfigurationError, match="PAPYRUS_KEY is not set: Opens the archive"):
        store_of(Sheet, PluginHost())


def test_of_two_packages_with_one_name_one_is_pinned_or_both_are_refused(install):
    code = "from starmodel.adapters.persistence.memory import MemoryRepo\nclass Repo(MemoryRepo): ..."
    install("acme-papyrus", "papyrus", code)
    install("bora-papyrus", "papyrus", code)
    with pytest.raises(DuplicateAdapterError, match=r"acme-papyrus and bora-papyrus both offer .*or pin one"):
        store_of(Sheet, PluginHost())
    assert type(store_of(Sheet, PluginHost(pins={"papyrus": "Bora_Papyrus"}))).__module__ == "bora_papyrus"


def test_a_package_that_offers_a_name_of_ours_gets_nothing_unless_it_is_pinned(install):
    code = "raise ZeroDivisionError"
    install("acme-memory", "memory", code)
    assert type(store_of(Note, PluginHost())) is MemoryRepo
    with pytest.raises(ZeroDivisionError):
        store_of(Note, PluginHost(pins={"memory": "acme-memory"}))


@pytest.mark.parametrize(
    ("kind", "name", "make", "words"),
    [
        ("store", "sql", PapyrusRepo, "there is a store 'sql' already"),
        ("shop", "x", PapyrusRepo, "no kind of adapter 'shop'"),
        ("store", "x", "text", "must be a class or a function"),
    ],
)
def test_a_wrong_registration_is_the_plugins_fault(kind, name, make, words):
    class Wrong:
        @hookimpl
        def starmodel_register(self, registry):
            registry.add(kind, name, make)

    host = host_of(Wrong(), Papyrus())
    assert store_of(Sheet, host).ink == "black"
    assert words in error_of(host)


def test_a_plugin_that_lacks_a_required_setting_is_left_out(monkeypatch):
    class Needy(Papyrus):
        @hookimpl
        def starmodel_settings(self):
            return [PluginSetting("WEATHER_KEY", "Pays for the weather.", required=True, secret=True)]

    host = host_of(Needy())
    with pytest.raises(AdapterNotFoundError, match="'papyrus'"):
        create_application(Sheet, plugins=host)
    assert error_of(host) == "WEATHER_KEY is not set: Pays for the weather."
    with pytest.raises(PluginLoadError, match="Pays for the weather"):
        create_application(Sheet, plugins=host_of(Needy(), required=["a"]))
    monkeypatch.setenv("WEATHER_KEY", "hush")
    app = create_app(Sheet, plugins=host_of(Needy()), api=None)
    assert app.state.settings["WEATHER_KEY"] == "hush"


def test_something_else_than_settings_is_the_plugins_fault():
    host = host_of(bringing("starmodel_settings", ["WEATHER_KEY"]), Papyrus())
    assert store_of(Sheet, host).ink == "black"
    assert "a list of PluginSetting" in error_of(host)


def test_an_entity_of_a_plugin_has_pages_and_doors():
    with TestClient(
        create_app(plugins=host_of(bringing("starmodel_entities", [Note]))), base_url="http://localhost"
    ) as one:
        assert one.post("/note/create", json={"text": "x"}).status_code == 200
        assert "Notes" in one.get("/").text


def test_of_two_classes_of_one_name_the_first_counts_and_the_other_is_put_on_record():
    other = type("Note", (Entity,), {"__annotations__": {"number": int}, "__module__": "elsewhere"})
    host = host_of(bringing("starmodel_entities", [other, "text"]), bringing("starmodel_entities", [Note]))
    assert list(create_application(Note, plugins=host).catalog) == [Note]
    assert next(record.failures for record in host.records if record.name == "a") == 2


def test_a_kit_comes_from_a_plugin():
    class Sea(PlainKit):
        def heading(self, title, /, **options):
            return f"~ {title} ~"

    class Kits:
        @hookimpl
        def starmodel_ui_adapter(self, name):
            return {"sea": Sea(), "odd": 3}.get(name)

    app = create_app(Note, ui="sea", plugins=host_of(Kits()))
    assert "~ StarModel ~" in TestClient(app, base_url="http://localhost").get("/").text
    with pytest.raises(AdapterNotFoundError, match="'odd'"):
        create_app(Note, ui="odd", plugins=host_of(Kits()))


def test_without_its_package_the_rest_interface_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "starmodel.adapters.rest", None)
    with pytest.raises(AdapterNotFoundError, match=r"pip install 'starmodel\[rest\]'"):
        create_app(Note, api="/rest")
    assert TestClient(create_app(Note), base_url="http://localhost").get("/api/note").status_code == 404
