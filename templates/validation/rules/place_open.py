"""Templates write out no account and no region but those that the environment's file names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View

# An account id, or a region with or without the letter of a zone behind it.
PLACE = re.compile(
    r"(?<![0-9A-Za-z-])[0-9]{12}(?![0-9A-Za-z-])"
    r"|(?<![0-9a-z-])[a-z]{2}(-gov|-iso[a-z]?)?-(central|(north|south)(east|west)?|east|west)-[0-9](?![0-9])"
)


def check(view: View) -> Iterator[Violation]:
    env = view.env
    # Inside a name, such as tap-data-<account>-<region>-dev, only what is known can be told from other digits and letters.
    own = re.compile(rf"(?<![0-9]){env.account}(?![0-9])|(?<![0-9a-z]){re.escape(env.region)}(?![0-9])")
    named = {env.tools.account, env.tools.region, *([env.disaster_recovery.region] if env.disaster_recovery else [])}
    for flat_id, path, literal, output in view.literals():
        foreign = {match.group() for match in PLACE.finditer(literal)} - named
        if own.search(literal):
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
