"""What a plan would do to one instance: a change set of its own stack, opened by the account's plan role, reviewed, and deleted.

StackSets have no change sets (API reference). An instance is an ordinary stack, though, and a change set with the set's template, its values and
the instance's own is what StackSets would do there, said by CloudFormation itself in that account.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from deploy import deployed, leftovers
from deploy.account import Account
from deploy.aws.failures import AwsRefusal
from deploy.aws.stacks import Stacks
from deploy.background import Background
from deploy.changes import Finding, Review
from deploy.deployed import Deployed
from deploy.errors import Conflict, Denied, Invalid
from deploy.model import ChangeSet
from deploy.plan import Settings
from deploy.propose import check_made
from deploy.stacksets.comparing import effective, unhidden
from deploy.stacksets.home import Home
from deploy.stacksets.limits import listed
from deploy.stacksets.model import Instance, Place, Preview, Row
from deploy.wanted import settings_of

PREFIX = f"{leftovers.PREFIX}preview-"
LIFETIME = timedelta(hours=1)
"""After it a change set that a killed run left is deleted by the next one that looks there."""


@dataclass(frozen=True, kw_only=True)
class Previews:
    """``document``: the template; ``background``: where things come from."""

    home: Home
    document: Mapping[str, Any]
    background: Background
    instances: Mapping[Place, Instance]

    def open(self, rows: tuple[Row, ...]) -> tuple[Preview, ...]:
        """
        Raises:
            Invalid: AWS cannot make the change set of one: it would fail there; everything at once.
        """
        answers = self.home.by_account(self._one, rows)
        failed = [answer for answer in answers if isinstance(answer, str)]
        if failed:
            subject = f"preview of StackSet {self.home.name}"
            raise Invalid(
                subject, f"AWS could not make it for {len(failed)} of {len(rows)} instances", "nothing was changed", tuple(failed)
            )
        return tuple(answer for answer in answers if isinstance(answer, Preview))

    def _one(self, row: Row) -> Preview | str:
        """What would happen, or in words why it must fail."""
        base = Preview(account=row.account, region=row.region, wave=row.wave)
        try:
            return msgspec.structs.replace(base, review=self._reviewed(row))
        except Invalid as error:
            return f"{row.account} {row.region}: {'; '.join((error.fact, *error.details))}"
        except AwsRefusal as error:
            return f"{row.account} {row.region}: {error.message}"
        except (Denied, Conflict) as error:
            return msgspec.structs.replace(base, reason=f"{error.subject}: {error.fact}")

    def _reviewed(self, row: Row) -> Review:
        account = self.home.target(row.place)
        stacks = account.stacks("plan", row.region)
        instance = self.instances.get(row.place)
        current = stacks.find(instance.stack_id) if instance and instance.stack_id else None
        running = deployed.read(stacks, current) if current and not current.status.is_absent else None
        if running and (running.stack.status.is_busy or running.stack.status.is_stuck):
            raise Conflict(
                f"stack {running.stack.name}", f"it is {running.stack.status}", "an operation will fail there until it is mended"
            )
        name = running.stack.name if running else f"{PREFIX}{self.home.stack_set.set_name}"[:128]
        if running or instance is None:
            _clear(stacks, name)
        return self._with_change_set(account, stacks, row, name, running)

    def _with_change_set(self, account: Account, stacks: Stacks, row: Row, name: str, running: Deployed | None) -> Review:
        values = effective(self.document, self.home.stack_set.parameters | row.overrides)
        settings = _settings(self.home, values, running)
        change_set_id, _ = stacks.propose(name, **self._request(settings, exists=running is not None))
        try:
            made = msgspec.structs.replace(stacks.settle(change_set_id), kind="UPDATE" if running else "CREATE")
            if not made.empty:
                check_made(stacks, made)
                self._check_document(stacks, change_set_id)
            return self._review(row, name, running, settings, made)
        finally:
            leftovers.withdraw(stacks, lambda: account.stacks("deploy", row.region), name, change_set_id)

    def _check_document(self, stacks: Stacks, change_set_id: str) -> None:
        """Raises:
        Invalid: the bucket holds something else under the template's digest.
        """
        if stacks.proposed_template(change_set_id) != self.document:
            what = "what AWS read from the bucket is not what was built"
            raise Invalid(f"template of StackSet {self.home.name}", what, "publish again; see who wrote to the bucket")

    def _request(self, settings: Settings, *, exists: bool) -> dict[str, Any]:
        name = f"{PREFIX}{secrets.token_hex(6)}"
        ends = datetime.now(UTC) + LIFETIME
        return {
            "ChangeSetName": name,
            "ChangeSetType": "UPDATE" if exists else "CREATE",
            "ClientToken": name,
            "Description": f"preview of StackSet {self.home.name} by {self.home.account.caller.arn}, expires {ends:%Y-%m-%dT%H:%M:%SZ}",
            "TemplateURL": self.home.url,
            "Capabilities": list(settings.capabilities),
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in sorted(settings.parameters.items())],
            "Tags": [{"Key": key, "Value": value} for key, value in sorted(settings.tags.items())],
        }

    def _review(self, row: Row, name: str, running: Deployed | None, settings: Settings, made: ChangeSet) -> Review:
        from deploy.review import Subject, review

        service = self.home.stack_set.template
        before = settings_of(running, {"": service}, {}) if running else None
        if before:
            before = msgspec.structs.replace(before, parameters=unhidden(before.parameters, settings.parameters))
        return review(
            Subject(
                stack=self.home.stack(name, row.region),
                change_set=made,
                before=running.templates if running else {},
                after={"": self.document},
                services={"": service},
                settings_before=before,
                settings_after=settings,
                places=self.background.places,
                sources=self.background.sources,
            )
        )


def _settings(home: Home, values: dict[str, str], running: Deployed | None) -> Settings:
    """What the stack will have; what a StackSet leaves alone is as it is."""
    stack_set, stack = home.stack_set, running.stack if running else None
    capabilities = tuple(sorted(stack_set.capabilities))
    same = stack and tuple(sorted(stack.capabilities)) == capabilities
    return Settings(
        templates={stack_set.template: home.account.template(stack_set.template).sha256},
        parameters=values,
        tags=stack_set.tags,
        role=stack.role if stack else "",
        capabilities=stack.capabilities if stack and same else capabilities,
        triggers=stack.triggers if stack else (),
        monitoring_minutes=stack.monitoring_minutes if stack else 0,
        policy=running.policies[""] if running else {},
        termination_protection=stack.termination_protection if stack else False,
    )


def _clear(stacks: Stacks, name: str) -> None:
    """What a killed run left there."""
    found = stacks.find(name)
    for one in list(stacks.proposals(found.id)) if found and not found.status.is_absent else ():
        if one["name"].startswith(PREFIX) and leftovers.expired(one["description"]):
            stacks.discard(one["id"])


def findings(previews: tuple[Preview, ...]) -> tuple[Finding, ...]:
    """Of all previews, each once, with where it was seen; and what could not be seen."""
    seen: dict[tuple[str, str, str], tuple[Finding, list[str]]] = {}
    for preview in previews:
        for finding in preview.review.findings if preview.review else ():
            seen.setdefault((finding.kind, finding.path, finding.title), (finding, []))[1].append(f"{preview.account}/{preview.region}")
    reviewed = sum(preview.review is not None for preview in previews)
    merged = [
        msgspec.structs.replace(finding, detail=(*finding.detail, f"in {len(places)} of {reviewed} previews: {listed(places)}"))
        for finding, places in seen.values()
    ]
    return (*merged, *_blind(previews))


def _blind(previews: tuple[Preview, ...]) -> tuple[Finding, ...]:
    blind: dict[str, list[str]] = {}
    for preview in previews:
        if preview.review is None:
            blind.setdefault(preview.wave, []).append(f"{preview.account}/{preview.region}: {preview.reason}")
    return tuple(
        Finding(
            kind="uncertainty",
            path=wave,
            title=f"{len(reasons)} of the wave's sample could not be previewed",
            detail=tuple(reasons[:10]),
            remedy="what comes there is the template and the values above; let the set's plan role in to see what it changes",
        )
        for wave, reasons in blind.items()
    )
