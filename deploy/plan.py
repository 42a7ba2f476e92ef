"""A plan: exactly what was reviewed, sealed, so that apply can refuse anything else.

The seal is a SHA-256 over everything else in the plan, written with sorted keys. ``apply`` reads the plan, checks the seal and
the expiry, describes everything again and compares. The JSON Schema of this module is `docs/plan.schema.json`.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from deploy import files
from deploy.changes import Finding, Review
from deploy.errors import Conflict, Invalid
from deploy.manifest import Manifest
from deploy.model import NESTED, Trigger
from deploy.needs import Carry
from deploy.noun import Noun, decoded
from deploy.promotion.verdict import Promoted
from deploy.status import Status

VERSION = 1
LIFETIME = timedelta(hours=24)


class Settings(Noun, frozen=True, kw_only=True):
    """What a stack has beside its resources. ``templates``: service -> SHA-256, the root under ``root``."""

    templates: dict[str, str]
    parameters: dict[str, str]
    tags: dict[str, str]
    role: str
    capabilities: tuple[str, ...]
    triggers: tuple[Trigger, ...]
    monitoring_minutes: int
    policy: dict[str, Any]
    termination_protection: bool
    retain_except_on_create: bool = True


class Proposal(Noun, frozen=True, kw_only=True):
    """One stack's part: what it was when the plan was made, what will be executed, and what that does.

    ``change_sets``: path of nested stacks (``""`` the root, ``Compute``) -> change set id; empty where only settings change;
    ``documents``: the same paths -> SHA-256 of the template that executing it will use; ``changes``: SHA-256 over all changes that AWS
    described; ``token``: the request token that ``apply`` will use, so that
    any run on any machine finds the operation again; ``updated``: the stack's last update before it; ``revert``: its change sets also put
    back what was changed by hand; ``waits``: what nothing gives it yet, so that the plan leaves it alone.
    """

    stack: str
    region: str
    kind: Literal["create", "update", "settings", "none"]
    stack_id: str = ""
    status: Status | None = None
    updated: datetime | None = None
    change_sets: dict[str, str] = msgspec.field(default_factory=dict)
    documents: dict[str, str] = msgspec.field(default_factory=dict)
    changes: str = ""
    token: str = ""
    settings: Settings
    review: Review
    revert: bool = False
    waits: tuple[str, ...] = ()

    @property
    def expected(self) -> dict[tuple[str, ...], int]:
        """Stack path -> how many resources the plan changes there; a new nested stack and one that goes change all of theirs."""
        changed = (item for item in self.review.items if item.verdict != "unchanged" and item.type != NESTED)
        return dict(Counter(tuple(item.path.split("/")[:-1]) for item in changed))


class Sealed(Noun, frozen=True, kw_only=True):
    """What every plan is. ``manifest`` travels with it, so that a plan needs no checkout; ``previous``: release and manifest digest of what
    runs; ``by``: ARN of who made it.
    """

    version: int = VERSION
    id: str
    operation: str = "deploy"
    release: str
    commit: str | None
    manifest: Manifest
    manifest_digest: str
    previous: tuple[str, str] = ("", "")
    by: str
    created: datetime
    expires: datetime
    digest: str = ""

    @property
    def environment(self) -> str:
        return self.manifest.environment

    @property
    def subject(self) -> str:
        """What it is for, as people call it, and as they type it where a slip costs much."""
        return self.environment

    @property
    def account(self) -> str:
        return self.manifest.account

    @property
    def found(self) -> tuple[Finding, ...]:
        """Of all reviews, each under the path by which a person names it."""
        return ()

    @property
    def short(self) -> str:
        """What people type and CI passes on."""
        return self.digest[:12]


class Plan(Sealed, frozen=True, kw_only=True):
    """Of one environment. ``promoted``: where the release comes from, with what every gate said; ``carries``: what stacks that stand give
    others and that did not stand there when the plan was made.
    """

    proposals: tuple[Proposal, ...]
    promoted: Promoted | None = None
    carries: tuple[Carry, ...] = ()

    @property
    def changes(self) -> bool:
        return any(proposal.kind != "none" for proposal in self.proposals)

    @property
    def found(self) -> tuple[Finding, ...]:
        return tuple(
            msgspec.structs.replace(finding, path=self.named(proposal, finding.path))
            for proposal in self.proposals
            for finding in proposal.review.findings
        )

    @property
    def moves_release(self) -> bool:
        """Another release is to stand here, also where it changes nothing."""
        return self.manifest_digest != self.previous[1]

    @property
    def waits(self) -> tuple[Proposal, ...]:
        """What the plan leaves alone, since nothing gives it what it needs yet."""
        return tuple(proposal for proposal in self.proposals if proposal.waits)

    @property
    def does_nothing(self) -> bool:
        """Applying it would change nothing at all."""
        return not (self.changes or self.moves_release or self.carries)

    def named(self, proposal: Proposal, path: str) -> str:
        """How a person names a path of one stack: with the stack where there are several."""
        return self.manifest.named(proposal.stack, path)


Made = TypeVar("Made", bound=Sealed)


def encode(noun: Noun) -> bytes:
    return msgspec.json.format(msgspec.json.encode(noun, order="sorted"), indent=1) + b"\n"


def seal(plan: Made) -> Made:
    return msgspec.structs.replace(plan, digest=digest_of(plan))


def digest_of(plan: Sealed) -> str:
    return sha256(encode(msgspec.structs.replace(plan, digest=""))).hexdigest()


def digest_of_content(value: Any) -> str:
    """Of a template or of all that AWS described, whatever the order of its keys."""
    return sha256(msgspec.json.encode(value, order="sorted")).hexdigest()


def save(plan: Sealed, path: Path) -> None:
    """On disk before the caller says that it is."""
    files.write(path, encode(plan))


def load(path: Path) -> Plan:
    """An environment's. Raises as :func:`read` does."""
    return read(path, Plan, "python -m deploy plan ENV --out FILE")


def read(path: Path, kind: type[Made], how: str) -> Made:
    """``how``: the command that makes one.

    Raises:
        Invalid: no plan, or one of another kind or version.
        Conflict: it was changed since it was sealed.
    """
    try:
        plan = decoded(path.read_bytes(), kind)
    except FileNotFoundError:
        raise Invalid(f"plan {path}", "there is no such file", f"make one: {how}") from None
    except (msgspec.DecodeError, OSError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"plan {path}", f"this is no plan: {error}", f"make one: {how}") from error
    if plan.version != VERSION:
        raise Invalid(f"plan {path}", f"version {plan.version}; this deployer reads {VERSION}", "plan again")
    if plan.digest != digest_of(plan):
        raise Conflict(f"plan {path}", "it was changed after it was sealed", "plan again, and apply the file as it is")
    return plan


def check_age(plan: Sealed, now: datetime) -> None:
    """Raises:
    Conflict: the plan has expired.
    """
    if now >= plan.expires:
        raise Conflict(f"plan {plan.short} of {plan.subject}", f"it expired at {plan.expires:%Y-%m-%d %H:%M} UTC", "plan again")
