"""Every taggable resource carries the six tags."""

from __future__ import annotations

from collections.abc import Iterator

from resources.registry import taggable
from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View

REQUIRED = frozenset({"CostCenter", "Environment", "ManagedBy", "Owner", "Project", "Service"})


def check(view: View) -> Iterator[Violation]:
    for flat_id, resource in view.resources.items():
        path = taggable().get(resource["Type"])
        if path is None:
            continue
        *lists, last = path.split("/*/")
        places = [resource.get("Properties", {})]
        for part in lists:
            places = [item for place in places for item in place.get(part, [])]
        for place in places:
            found = place.get(last[:-2], {})
            keys = set(found) if isinstance(found, dict) else {entry["Key"] for entry in found}
            if REQUIRED - keys:
                yield Violation(flat_id, f"lacks the tags {', '.join(sorted(REQUIRED - keys))}", last[:-2])


RULE = Rule(
    id="TAP059",
    title="Every taggable resource carries the six tags",
    reason="Costs, owners and drift are found by tags alone",
    source="https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html",
    check=check,
)
