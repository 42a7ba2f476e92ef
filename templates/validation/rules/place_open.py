"""Templates name neither their own account nor their own region."""

from __future__ import annotations

import re
from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, texts


def check(view: View) -> Iterator[Violation]:
    own = re.compile(rf"(?<![0-9a-z-]){re.escape(view.env.account)}(?![0-9])|(?<![0-9a-z-]){re.escape(view.env.region)}(?![0-9])")
    for flat_id, resource in view.resources.items():
        for path, literal in texts(resource.get("Properties", {})):
            if own.search(literal):
                yield Violation(flat_id, f"writes out its own account or region in {literal!r}: use the pseudo parameters", path)


RULE = Rule(
    id="TAP057",
    title="Templates name neither their own account nor their own region",
    reason="The same template must be right in another account and region",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html",
    check=check,
)
