"""Operators' values in an environment's other regions: the same as in its own, written there as well, compared, and said where they are not.

Each region's functions read their own Parameter Store, so that a region that is alone still has them. The region of the environment is
where a change is judged; the others follow it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploy import setting as settings
from deploy.account import Account
from deploy.aws.parameters import Stored
from deploy.errors import DeployError, OutcomeUnknown
from deploy.manifest import Setting
from deploy.setting import Elsewhere

_REFERENCE = re.compile(r"^(arn:[a-z-]+:secretsmanager:)[a-z0-9-]+(:.*)$")


def regions(account: Account) -> tuple[str, ...]:
    """Those beside the environment's own."""
    return account.manifest.regions[1:]


def text_in(setting: Setting, region: str, text: str) -> str:
    """What is stored there. A secret's replica has the same ARN but for the region (Secrets Manager's user guide, multi-Region secrets)."""
    return _REFERENCE.sub(rf"\g<1>{region}\g<2>", text) if setting.type == "secret" else text


def others(account: Account, path: str, wanted: tuple[Setting, ...], own: dict[str, Stored]) -> dict[str, tuple[Elsewhere, ...]]:
    """Setting -> the regions where something else is in force. ``own``: what operators set in the environment's own region, by name.

    A region in which nothing is deployed yet has no values, and none that could differ.
    """
    found: dict[str, tuple[Elsewhere, ...]] = {}
    for region in regions(account):
        for name, one in _in(account, region, path, wanted, own):
            found[name] = (*found.get(name, ()), one)
    return found


def _in(account: Account, region: str, path: str, wanted: tuple[Setting, ...], own: dict[str, Stored]) -> Iterator[tuple[str, Elsewhere]]:
    try:
        there = account.parameters("plan", region).under(path)
    except OutcomeUnknown as error:
        yield from ((one.name, Elsewhere(region=region, unknown=error.fact)) for one in wanted)
        return
    if not any(one.name in there or f"set/{one.name}" in there for one in wanted):
        return
    for one in wanted:
        ours, theirs = own.get(one.name), there.get(f"set/{one.name}")
        if not _same(one, region, ours, theirs):
            default = there[one.name].value if one.name in there else ""
            value = settings.shown(one.type, theirs.value, secure=theirs.secure) if theirs else default
            yield one.name, Elsewhere(region=region, value=value, version=theirs.version if theirs else 0)


def _same(setting: Setting, region: str, ours: Stored | None, theirs: Stored | None) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    if ours.secure or theirs.secure:
        # What is encrypted can be compared by nobody here: that both are is all that is known.
        return ours.secure == theirs.secure
    return text_in(setting, region, ours.value) == theirs.value


def write(account: Account, name: str, setting: Setting, text: str | None, description: str, *, secure: bool) -> tuple[str, ...]:
    """In every other region; ``text`` None: take it away. Where that could not be done, in words."""
    failed = []
    for region in regions(account):
        try:
            parameters = account.parameters("deploy", region)
            if text is None:
                parameters.delete(name)
            else:
                parameters.write(name, text_in(setting, region, text), description, secure=secure, new=False)
        except DeployError as error:
            failed.append(f"{region} does not have it: {error.subject}: {error.fact}")
    return tuple(failed)
