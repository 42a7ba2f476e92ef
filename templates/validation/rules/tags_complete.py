"""Every taggable resource carries the six tags."""

from __future__ import annotations

from collections.abc import Iterator

from resources.registry import taggable
from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View

REQUIRED = frozenset({"CostCenter", "Environment", "ManagedBy", "Owner", "Project", "Service"})


def _known(view: View) -> dict[str, str]:
    env = view.env
    return {"CostCenter": env.cost_center, "Environment": env.name, "ManagedBy": "tapline", "Owner": env.owner, "Project": env.project}


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
            tags = place.get(last[:-2], {})
            found = tags if isinstance(tags, dict) else {entry["Key"]: entry["Value"] for entry in tags}
            if REQUIRED - found.keys():
                yield Violation(flat_id, f"lacks the tags {', '.join(sorted(REQUIRED - found.keys()))}", last[:-2])
            wrong = sorted(key for key, value in _known(view).items() if found.get(key, value) != value)
            if wrong:
                yield Violation(flat_id, f"has tags that are not the environment's: {', '.join(wrong)}", last[:-2])


RULE = Rule(
    id="TAP059",
    title="Every taggable resource carries the six tags",
    reason="Costs, owners and drift are found by tags alone",
    source="https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html",
    check=check,
)
