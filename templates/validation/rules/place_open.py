"""Templates write out no account and no region but those that the environment's file names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from env.model import AnyEnvironment, ToolsEnvironment
from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View

# An account id, or a region with or without the letter of a zone behind it.
PLACE = re.compile(
    r"(?<![0-9A-Za-z-])[0-9]{12}(?![0-9A-Za-z-])"
    r"|(?<![0-9a-z-])[a-z]{2}(-gov|-iso[a-z]?)?-(central|(north|south)(east|west)?|east|west)-[0-9](?![0-9])"
)


def _written(place: str, literal: str) -> bool:
    """Inside a name, such as tap-data-<account>-<region>-dev, only what is known can be told from other digits and letters."""
    return place in literal and re.search(rf"(?<![0-9a-z]){re.escape(place)}(?![0-9])", literal) is not None


def check(view: View) -> Iterator[Violation]:
    env: AnyEnvironment = view.env
    stages = env.stages if isinstance(env, ToolsEnvironment) else ()
    accounts = {env.tools.account, *(stage.account for stage in stages)} - {env.account}
    regions = {env.tools.region, *(stage.region for stage in stages), *([env.disaster_recovery.region] if env.disaster_recovery else [])}
    reached = set[str]()
    if isinstance(env, ToolsEnvironment):
        reached = {region for one in env.stack_sets.values() for region in one.targets.regions}
        regions |= set(env.code_regions)
    for flat_id, path, literal, output in view.literals():
        if flat_id in view.abroad:
            far = {match.group() for match in PLACE.finditer(literal)} - accounts - regions - reached - {env.account}
            if far:
                message = f"names {', '.join(sorted(far))}, which is no account or region of the environment's file"
                yield Violation(flat_id, message, path, output)
            continue
        foreign = {match.group() for match in PLACE.finditer(literal)} - accounts - regions
        # What lies in another account is named by its own region, which may be this one.
        elsewhere = any(account in literal for account in accounts)
        if _written(env.account, literal) or (_written(env.region, literal) and not elsewhere):
            yield Violation(flat_id, f"writes out its own account or region in {literal!r}: use the pseudo parameters", path, output)
        elif foreign:
            message = f"names {', '.join(sorted(foreign))}, which is no account or region of the environment's file"
            yield Violation(flat_id, message, path, output)


RULE = Rule(
    id="TAP057",
    title="Templates write out no account and no region but those that the environment's file names",
    reason="The same template must be right in another account and region",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html",
    check=check,
)
