"""The runtime configuration as the command sees it: what each setting may be, what is in force, and what was changed."""

from __future__ import annotations

import re
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING

import msgspec

from deploy.errors import Invalid, Refused
from deploy.manifest import Manifest, Setting
from deploy.noun import Noun
from deploy.review.secrets import MASK, masked

if TYPE_CHECKING:
    # The functions' name for the module, by which mypy knows it.
    from shared.setting import Setting as Rule
else:
    from resources.handlers.shared.setting import Setting as Rule

LONGEST_REASON = 256
_REFERENCE = re.compile(r"arn:[a-z-]+:secretsmanager:([a-z0-9-]+):([0-9]{12}):secret:[\w/+=.@-]{1,512}", re.ASCII)


class Elsewhere(Noun, frozen=True, kw_only=True):
    """What is in force in another region of the environment, where it is not the same. ``unknown``: why it cannot be told."""

    region: str
    value: str = ""
    version: int = 0
    unknown: str = ""

    @property
    def words(self) -> str:
        if self.unknown:
            return f"{self.region} cannot be asked: {self.unknown}"
        return f"{self.region} has {self.value or '(none)'}, {f'version {self.version}' if self.version else 'which nobody has set'}"


class Value(Noun, frozen=True, kw_only=True):
    """One setting now.

    ``value``: what is in force, hidden where it is a secret, empty where there is none; ``default``: the deployed one; ``version``, ``by``
    and ``at``: of what an operator set, 0 where nobody did; ``problem``: why the functions refuse what was set; ``elsewhere``: other regions that have something else in force.
    """

    name: str
    type: str
    description: str = ""
    value: str = ""
    default: str = ""
    version: int = 0
    by: str = ""
    at: datetime | None = None
    problem: str = ""
    elsewhere: tuple[Elsewhere, ...] = ()


class Configuration(Noun, frozen=True, kw_only=True):
    """An environment's. ``strangers``: what operators set under names that this build does not have."""

    environment: str
    path: str
    cache_seconds: int = 0
    values: tuple[Value, ...] = ()
    strangers: tuple[str, ...] = ()


class Past(Noun, frozen=True, kw_only=True):
    """One change. ``source``: the ledger, or Parameter Store, where it was made past this command; ``outcome``: as a record's."""

    at: datetime
    name: str
    before: str
    after: str
    by: str
    version: int = 0
    reason: str = ""
    outcome: str = "succeeded"
    source: str = "ledger"


class Changes(Noun, frozen=True, kw_only=True):
    """Newest first."""

    environment: str
    changes: tuple[Past, ...] = ()


class Difference(Noun, frozen=True, kw_only=True):
    """One setting in two environments; None where one does not have it."""

    name: str
    left: Value | None
    right: Value | None


class Differences(Noun, frozen=True, kw_only=True):
    left: str
    right: str
    differences: tuple[Difference, ...] = ()


def rule(setting: Setting) -> Rule:
    given = msgspec.structs.asdict(setting)
    return Rule(**{name: value for name, value in given.items() if name not in ("name", "description")})


def known(manifest: Manifest, name: str) -> Setting:
    """Raises:
    Invalid: this build has no such setting.
    """
    for setting in manifest.settings:
        if setting.name == name:
            return setting
    names = [setting.name for setting in manifest.settings]
    near = get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}" if names else "this build has none"
    raise Invalid(f"setting {name}", f"there is none of this name; {hint}", "settings are added in env/defaults.yaml, runtime.settings")


def checked(manifest: Manifest, setting: Setting, text: str, *, secure: bool) -> str:
    """The text as it is to be stored. Neither it nor a part of it is in an error.

    Raises:
        Invalid: it is no value of the setting.
        Refused: it is a secret, or looks like one, and would be there for everybody to read.
    """
    subject, text = f"setting {setting.name}", text.strip()
    if secure and setting.type != "secret":
        raise Invalid("--secure", f"{setting.name} is a {setting.type}, not a secret", "leave --secure out")
    try:
        rule(setting).value(text)
    except ValueError as error:
        raise Invalid(subject, f"this is no value of it: {error}", "nothing was changed") from None
    if not text.isprintable() or "{{" in text:
        raise Invalid(subject, "a value is one line, without characters that cannot be seen, and without {{", "nothing was changed")
    if setting.type == "secret":
        return text if secure else _reference(manifest, setting, text)
    if setting.type in ("text", "list") and masked(text, (setting.name,)) == MASK:
        raise Refused(subject, "the value looks like a secret (not shown), and everybody could read it", "give the setting type secret")
    return text


def _reference(manifest: Manifest, setting: Setting, text: str) -> str:
    found = _REFERENCE.fullmatch(text)
    if not found:
        raise Refused(
            f"setting {setting.name}",
            "it is a secret, and this is no ARN of one in Secrets Manager (not shown)",
            f"python -m deploy config set {manifest.environment} {setting.name} --secure reads it from standard input",
        )
    if found.groups() != (manifest.region, manifest.account):
        raise Invalid(
            f"setting {setting.name}",
            f"the secret is in {found[1]} of account {found[2]}, and {manifest.environment} in {manifest.region} of {manifest.account}",
            "name a secret of the environment's own",
        )
    return text


def shown(type: str, text: str, *, secure: bool = False) -> str:
    """A value as people may see it: somebody may have put a secret where none belongs."""
    if secure or (type == "secret" and not _REFERENCE.fullmatch(text)):
        return MASK
    return str(masked(text))


def problem(setting: Setting, text: str, *, secure: bool) -> str:
    """Why the functions refuse a value that stands in Parameter Store; empty where they take it, or where it cannot be read here."""
    try:
        if not secure:
            rule(setting).value(text)
    except ValueError as error:
        return str(error)
    return ""


def differences(left: Configuration, right: Configuration) -> Differences:
    """Where two environments do not have the same in force."""
    ours, theirs = ({value.name: value for value in one.values} for one in (left, right))
    rows = [Difference(name=name, left=ours.get(name), right=theirs.get(name)) for name in sorted({*ours, *theirs})]
    return Differences(left=left.environment, right=right.environment, differences=tuple(row for row in rows if _differs(row)))


def _differs(row: Difference) -> bool:
    if row.left is None or row.right is None:
        return True
    return (row.left.value, row.left.problem) != (row.right.value, row.right.problem)
