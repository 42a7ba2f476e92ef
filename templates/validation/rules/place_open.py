"""Templates write out no account and no region but those that the environment's file names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, texts

# An account id, or a region with or without the letter of a zone behind it.
PLACE = re.compile(
    r"(?<![0-9A-Za-z-])[0-9]{12}(?![0-9A-Za-z-])"
    r"|(?<![0-9a-z-])[a-z]{2}(-gov|-iso[a-z]?)?-(central|(north|south)(east|west)?|east|west)-[0-9](?![0-9])"
)


def check(view: View) -> Iterator[Violation]:
    env = view.env
    own = {env.account, env.region}
    named = {env.tools.account, env.tools.region, *([env.disaster_recovery.region] if env.disaster_recovery else [])} - own
    for flat_id, resource in view.resources.items():
        for path, literal in texts(resource.get("Properties", {})):
            found = {match.group() for match in PLACE.finditer(literal)}
            if found & own:
                yield Violation(flat_id, f"writes out its own account or region in {literal!r}: use the pseudo parameters", path)
            elif found - named:
                foreign = ", ".join(sorted(found - named))
                yield Violation(flat_id, f"names {foreign}, which is no account or region of the environment's file", path)


RULE = Rule(
    id="TAP057",
    title="Templates write out no account and no region but those that the environment's file names",
    reason="The same template must be right in another account and region",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html",
    check=check,
)
