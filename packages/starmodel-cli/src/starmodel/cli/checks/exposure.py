"""Who can reach the application, and what they may do there."""

from __future__ import annotations

from collections.abc import Iterator

from starmodel.app import Application, is_ruled

from .facts import Facts
from .finding import Found, Rule

__all__ = ["RULES"]

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]", "testserver"})
AUTHORIZE = "starmodel_authorize"


def _given(facts: Facts) -> list[str]:
    return [host for host in facts.web.hosts if host not in LOOPBACK] if facts.web else []


def _no_hosts(facts: Facts) -> Iterator[Found]:
    if facts.web is not None and not _given(facts):
        advice = "set STARMODEL_HOSTS=shop.example.org, or hosts=[...] of create_app"
        yield Found("the application answers to no name but this machine's own", advice)


def _wildcard(facts: Facts) -> Iterator[Found]:
    for host in _given(facts):
        if host.startswith("*") and host.count(".") < 2:
            yield Found(f"the host {host!r} lets nearly every name in", "name the hosts, or *.example.org")


def _odd_host(facts: Facts) -> Iterator[Found]:
    for host in _given(facts):
        if any(sign in host for sign in ("/", " ", "://")) or host.rpartition(":")[2].isdigit():
            yield Found(f"the host {host!r} is none", "write the name alone, without https:// and without a port")


def _any_proxy(facts: Facts) -> Iterator[Found]:
    if "*" in facts.environ.get("FORWARDED_ALLOW_IPS", "").replace(" ", "").split(","):
        advice = "set FORWARDED_ALLOW_IPS to the address of the proxy in front"
        yield Found("FORWARDED_ALLOW_IPS is *: everybody may claim any address, and to have come by TLS", advice)


def _proxy_unsaid(facts: Facts) -> Iterator[Found]:
    if facts.web is not None and not facts.environ.get("FORWARDED_ALLOW_IPS"):
        advice = "set FORWARDED_ALLOW_IPS to its address if it is elsewhere; without TLS, cookies are not Secure"
        yield Found("only a proxy on this machine is believed to have come by TLS", advice)


def _has_rules(facts: Facts) -> bool:
    decides = any(plugin.status == "ok" and AUTHORIZE in plugin.hooks for plugin in facts.plugins)
    application = facts.application
    return decides or (application is not None and (application.has_policies or not _unruled(application)))


def _unruled(application: Application) -> list[str]:
    """Return the classes of the program itself that say nothing about who may."""
    own = [kind for kind in application.catalog if not kind.__module__.startswith("starmodel.")]
    return sorted(kind.__entity_name__ for kind in own if not is_ruled(kind))


def _open(facts: Facts) -> Iterator[Found]:
    if facts.web is None or facts.application is None or facts.web.has_auth or _has_rules(facts):
        return
    names = _unruled(facts.application)
    if names:
        advice = "say who may, by a policy in model_config, or put it where only those reach it who may"
        yield Found(f"whoever reaches it may change {', '.join(names)}", advice)


def _auth_without_rules(facts: Facts) -> Iterator[Found]:
    if facts.web is not None and facts.web.has_auth and not _has_rules(facts):
        names = ", ".join(_unruled(facts.application)) if facts.application is not None else "everything"
        advice = "say who may do what, by a policy in model_config; anyone says that it is meant so"
        yield Found(f"people are told apart, and everybody may still change {names}", advice)


def _foreign_assets(facts: Facts) -> Iterator[Found]:
    for address in facts.web.foreign_assets if facts.web else ():
        advice = "serve it from here, as Assets() does: whoever changes it there changes your pages"
        yield Found(f"pages load {address} from another host", advice)


RULES = (
    Rule("hosts.missing", "error", _no_hosts, deploy=True),
    Rule("hosts.wildcard", "error", _wildcard, deploy=True),
    Rule("hosts.malformed", "error", _odd_host, deploy=True),
    Rule("proxy.any", "error", _any_proxy, deploy=True),
    Rule("proxy.unsaid", "info", _proxy_unsaid, deploy=True),
    Rule("policy.open", "warning", _open, deploy=True),
    Rule("policy.missing", "error", _auth_without_rules, deploy=True),
    Rule("assets.foreign", "warning", _foreign_assets, deploy=True),
)
