"""Parity of what is deployed: each environment is what its release says, and the releases that run are the same infrastructure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from deploy import deployed as deployed_now
from deploy import earlier
from deploy.account import Account
from deploy.deployed import Deployed
from deploy.ledger import Ledger
from deploy.manifest import Stack
from deploy.model import Stack as Now
from deploy.parity.difference import differing, folded
from deploy.parity.form import MANIFEST, Document, canonical, essence, form, pointer
from deploy.parity.judgement import Side, gate, unexplained
from deploy.parity.proof import Finding, Proof, Proven, decode
from deploy.parity.report import Parity
from deploy.publish import proof_key
from deploy.record import Record
from deploy.review.secrets import masked
from deploy.wanted import Wanted, wanted

Drift = Callable[[Account], Iterable[Finding]]
_BOOTSTRAP = "bootstrap"


def live(built: Parity, accounts: Sequence[Account], proof: Proof, drift: Drift | None) -> Parity:
    """``built``: what is said of the build, whose order is kept; ``proof``: of the build; ``drift``: asks about the real resources.

    Raises:
        Refused: a release that runs is not whole in the artifact bucket.
    """
    by_name = {account.manifest.environment: account for account in accounts}
    findings, notes = list(built.findings), list(built.notes)
    sides: list[tuple[Record, Side]] = []
    for name in built.environments:
        account = by_name[name]
        record = Ledger(store=account.store("plan", account.manifest.region)).standing()
        if record is None or not record.manifest:
            notes.append(f"{name}: nothing is deployed, so nothing of it was compared")
            continue
        there = earlier.account_of(account, record)
        documents, found = _environment(there)
        findings += found
        released = _proof(there, record, proof)
        one = released.of(name) if released else None
        if released is None or one is None or one.manifest != record.manifest:
            notes.append(
                f"{name}: release {record.release[:12] or 'built alone'} has no proof of parity; what it differs in cannot be explained"
            )
            one = _unproven(there, record)
        else:
            findings += [finding for finding in gate(released, name) if finding not in findings]
        sides.append((record, Side(documents=documents, proven=one)))
        findings += drift(there) if drift else ()
    findings += _between(sides, findings, notes)
    if drift is None:
        notes.append("drift of the real resources was not looked at")
    return msgspec.structs.replace(built, live=True, findings=tuple(findings), notes=tuple(dict.fromkeys(notes)))


def _between(sides: Sequence[tuple[Record, Side]], known: Sequence[Finding], notes: list[str]) -> Iterator[Finding]:
    for record, side in sides[1:]:
        first, against = sides[0]
        if record.release != first.release:
            notes.append(
                f"{side.name} runs release {record.release[:12]}, {against.name} runs {first.release[:12]}: "
                "what differs between the releases is among the differences"
            )
        found, renamed = unexplained(against, side, known)
        notes.extend(renamed)
        for one in found:
            yield msgspec.structs.replace(one, has=_shown(one.path, one.has), expected=_shown(one.path, one.expected))


def _proof(account: Account, record: Record, built: Proof) -> Proof | None:
    """Of the release that runs: that of the build where it is the same, else as it was published."""
    name = account.manifest.environment
    if (one := built.of(name)) and one.manifest == record.manifest:
        return built
    held = account.store("plan", account.manifest.region).get(proof_key(record.release)) if record.release else None
    try:
        return decode(held.data) if held else None
    except msgspec.DecodeError:
        return None  # of another version of the deployer: nothing is explained by it


def _unproven(account: Account, record: Record) -> Proven:
    return Proven(environment=account.manifest.environment, manifest=record.manifest, texts=(), fields=(), corrections={}, renamed={})


def _environment(account: Account) -> tuple[dict[str, Document], list[Finding]]:
    """Service -> the template as it is deployed, with what the manifest says beside; and where it is not as released."""
    manifest = account.manifest
    documents: dict[str, Document] = {MANIFEST: essence(msgspec.to_builtins(manifest))}
    findings: list[Finding] = []
    for stack in manifest.stacks:
        reads = account.stacks("plan", stack.region)
        current = reads.find(stack.name)
        if current is None or current.status.is_absent:
            findings.append(_otherwise(account, stack.name, None, canonical("the stack")))
            continue
        running, goal = deployed_now.read(reads, current), wanted(account, stack, ())
        documents |= {goal.services[path]: document for path, document in running.templates.items() if path in goal.services}
        findings += _templates(account, stack, running, goal)
        findings += _settings(account, stack, running, goal)
        findings += _wiring(account, stack, running, {path: reads.find(stack_id) for path, stack_id in running.ids.items()})
    for bootstrap in manifest.bootstraps[:1]:
        stacks = account.stacks("plan", bootstrap.region)
        if found := stacks.find(bootstrap.name):
            documents[_BOOTSTRAP] = stacks.template(found.id)
    return documents, findings


def _templates(account: Account, stack: Stack, running: Deployed, goal: Wanted) -> Iterator[Finding]:
    for path in sorted(running.templates.keys() | goal.templates.keys()):
        one, other = ({stack.name: side[path]} if path in side else {} for side in (goal.templates, running.templates))
        left, right = form(one, {}), form(other, {})
        for leaf, (wants, has) in folded(differing(left, right), left, right).items():
            yield _otherwise(account, "/".join(filter(None, (stack.name, path, pointer(leaf[1:])))), has, wants)


def _settings(account: Account, stack: Stack, running: Deployed, goal: Wanted) -> Iterator[Finding]:
    now, settings = running.stack, goal.settings
    watched = {trigger.alarm for trigger in stack.guard.triggers}
    alarms = {trigger.arn.rpartition(":alarm:")[2] for trigger in now.triggers}
    # What watches its own making is there from the first create on; an alarm of the stack joins with the first update.
    triggers = sorted(
        watched if alarms <= watched and {one.alarm for one in stack.guard.triggers if one.since == "create"} <= alarms else alarms
    )
    sides: dict[str, tuple[Any, Any]] = {
        "tags": (now.tags, settings.tags),
        "parameters": (now.parameters, settings.parameters),
        "triggers": (triggers, sorted(watched)),
        "monitoring_minutes": (now.monitoring_minutes, settings.monitoring_minutes),
        "termination_protection": (now.termination_protection, settings.termination_protection),
        "role": (now.role, settings.role),
    }
    sides |= {f"{path}/policy".lstrip("/"): (policy, settings.policy) for path, policy in running.policies.items()}
    for name, (has, wants) in sides.items():
        if canonical(has) != canonical(wants):
            yield _otherwise(account, f"{stack.name}/{name}", canonical(has), canonical(wants))


def _wiring(account: Account, stack: Stack, running: Deployed, stands: Mapping[str, Now | None]) -> Iterator[Finding]:
    """A nested stack's parameter is the output of its one producer, as both are now."""
    for path, resource in running.templates[""].get("Resources", {}).items():
        nested = stands.get(path)
        if nested is None:
            continue
        for name, source in resource.get("Properties", {}).get("Parameters", {}).items():
            target, attribute = source["Fn::GetAtt"] if isinstance(source, dict) and "Fn::GetAtt" in source else ("", "")
            producer = stands.get(target)
            wants = producer.outputs.get(attribute.removeprefix("Outputs.")) if producer else source
            if nested.parameters.get(name) != wants:
                yield _otherwise(
                    account, f"{stack.name}/{path}/Parameters/{name}", canonical(nested.parameters.get(name)), canonical(wants)
                )


def _otherwise(account: Account, path: str, has: str | None, wants: str | None) -> Finding:
    return Finding(
        kind="deployed", environment=account.manifest.environment, other="", path=path, has=_shown(path, has), expected=_shown(path, wants)
    )


def _shown(path: str, leaf: str | None) -> str | None:
    """Whoever changes something by hand may have written a secret there."""
    return None if leaf is None else canonical(masked(msgspec.json.decode(leaf), path.split("/")))
