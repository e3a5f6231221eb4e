"""Plugins of a project: found by short names, installed where it runs, tried out, or everything is put back."""

from .adding import plan_to_add, plan_to_upgrade
from .authoring import KINDS, Offer, make_plugin, offers_of, tested
from .changing import recovered
from .errors import (
    PluginBusyError,
    PluginChangeError,
    PluginEnvironmentError,
    PluginInUseError,
    PluginProjectError,
    PluginRecoveryError,
    PluginSourceError,
    PluginUnknownError,
    RegistryError,
)
from .inspecting import Distribution, inspected, proof_of
from .installers import Installer
from .keeping import plan_to_disable, plan_to_enable, plan_to_sync
from .places import Place, find_place, project_folder
from .planning import Outcome, Plan, carry_out
from .records import Record
from .registry import RegistryEntry, Setting, bundled_registry, project_registry, schema_of_registries
from .removing import found_plugin, plan_to_remove
from .sources import Source, named_source, path_source, recorded_source
from .telling import about, findings

__all__ = [
    "KINDS",
    "Distribution",
    "Installer",
    "Offer",
    "Outcome",
    "Place",
    "Plan",
    "PluginBusyError",
    "PluginChangeError",
    "PluginEnvironmentError",
    "PluginInUseError",
    "PluginProjectError",
    "PluginRecoveryError",
    "PluginSourceError",
    "PluginUnknownError",
    "Record",
    "RegistryEntry",
    "RegistryError",
    "Setting",
    "Source",
    "about",
    "bundled_registry",
    "carry_out",
    "find_place",
    "findings",
    "found_plugin",
    "inspected",
    "make_plugin",
    "named_source",
    "offers_of",
    "path_source",
    "plan_to_add",
    "plan_to_disable",
    "plan_to_enable",
    "plan_to_remove",
    "plan_to_sync",
    "plan_to_upgrade",
    "project_folder",
    "project_registry",
    "proof_of",
    "recorded_source",
    "recovered",
    "schema_of_registries",
    "tested",
]
