"""Proof by a model: where the review says that nothing happens, or that nothing is replaced, a world that is really updated agrees.

The model updates a root with nested stacks: every resource has an identity, which a replacement changes; ``Ref`` and ``Arn`` give
the identity, any other attribute another value at every update. AWS is modelled as it is at its worst: whatever hangs on something
that changes is listed as changed, and as perhaps replaced where a property that replaces hangs on it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.review import review
from tests.review.cases import NOTHING, UNKNOWN, answer, automatic, detail, nested, row, subject, template

KINDS = {"AWS::SQS::Queue": "QueueName", "AWS::SSM::Parameter": "Name"}  # type -> the property that replaces it
SERVICES = ("One", "Two", "Three")
Node = tuple[str, str]


@dataclass
class World:
    """One release: definitions by node in the order of their making, and what they become."""

    resources: dict[Node, dict[str, Any]]
    identity: dict[Node, str] = field(default_factory=dict)
    updates: dict[Node, int] = field(default_factory=dict)
    values: dict[Node, dict[str, str]] = field(default_factory=dict)

    def resolve(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        node, attribute = value
        if node not in self.identity:
            return "none"
        extra = "" if attribute in (None, "Arn") else f"@{self.updates[node]}"
        return f"{self.identity[node]}.{attribute}{extra}"


def applied(before: World, resources: dict[Node, dict[str, Any]]) -> World:
    """The world after an update."""
    after = World(resources)
    for node, definition in resources.items():
        values = {name: after.resolve(value) for name, value in definition["Properties"].items()}
        former = before.values.get(node)
        kept = former is not None and former.get(KINDS[definition["Type"]]) == values.get(KINDS[definition["Type"]])
        after.identity[node] = before.identity[node] if kept else f"{node}#{len(before.identity)}{id(after)}"
        after.updates[node] = before.updates.get(node, 0) + (values != former)
        after.values[node] = values
    return after


@st.composite
def definitions(draw: st.DrawFn) -> dict[Node, dict[str, Any]]:
    """Resources that name only earlier ones, of their own stack or another's."""
    made: dict[Node, dict[str, Any]] = {}
    for index, service in enumerate(draw(st.lists(st.sampled_from([0, 0, 1, 1, 2]), min_size=2, max_size=6).map(sorted))):
        made[SERVICES[service], f"R{index}"] = _definition(draw, list(made), draw(st.sampled_from(sorted(KINDS))))
    return made


def _definition(draw: st.DrawFn, earlier: list[Node], kind: str) -> dict[str, Any]:
    names = [KINDS[kind], "Other", "More"]
    values: st.SearchStrategy[Any] = st.sampled_from(["a", "b"])
    if earlier:
        values |= st.tuples(st.sampled_from(earlier), st.sampled_from([None, "Arn", "Unheard"]))
    return {"Type": kind, "Properties": {name: draw(values) for name in names if draw(st.booleans())}}


@st.composite
def releases(draw: st.DrawFn) -> tuple[dict[Node, dict[str, Any]], dict[Node, dict[str, Any]]]:
    """Two releases of which the second has some definitions otherwise, or not at all."""
    before = draw(definitions())
    after: dict[Node, dict[str, Any]] = {}
    for node, definition in before.items():
        fate = draw(st.sampled_from(["same", "same", "same", "edited", "gone"]))
        if fate == "gone" and not any(
            value[0] == node for other in before.values() for value in other["Properties"].values() if isinstance(value, tuple)
        ):
            continue
        after[node] = _definition(draw, list(after), definition["Type"]) if fate == "edited" else definition
    kept = {node: definition for node, definition in after.items() if not _dangling(definition, after)}
    return before, kept


def _dangling(definition: dict[str, Any], resources: dict[Node, Any]) -> bool:
    return any(isinstance(value, tuple) and value[0] not in resources for value in definition["Properties"].values())


def documents(resources: dict[Node, dict[str, Any]]) -> dict[str, Any]:
    """Templates in which references across stacks go through an output and a parameter."""
    made: dict[str, Any] = {"": template({service: nested() for service in SERVICES})}
    made |= {service: {"Resources": {}, "Outputs": {}, "Parameters": {}} for service in SERVICES}
    for (service, name), definition in resources.items():
        properties = {key: _written(made, service, value) for key, value in definition["Properties"].items()}
        made[service]["Resources"][name] = {"Type": definition["Type"], "Properties": properties}
    return made


def _written(made: dict[str, Any], service: str, value: Any) -> Any:
    if isinstance(value, str):
        return value
    (owner, name), attribute = value
    expression = {"Ref": name} if attribute is None else {"Fn::GetAtt": [name, attribute]}
    if owner == service:
        return expression
    joint = f"{owner}{name}{attribute or ''}"
    made[owner]["Outputs"][joint] = {"Value": expression}
    made[service]["Parameters"][joint] = {"Type": "String"}
    made[""]["Resources"][service]["Properties"]["Parameters"][joint] = {"Fn::GetAtt": [owner, f"Outputs.{joint}"]}
    return {"Ref": joint}


def answers(before: World, resources: dict[Node, dict[str, Any]]) -> dict[str, Any]:
    """What AWS says: exact where values are plain, pessimistic where they hang on what is listed."""
    listed: dict[Node, Any] = {}
    for node in before.resources.keys() - resources.keys():
        listed[node] = row("Remove", node[1], before.resources[node]["Type"])
    for node, definition in resources.items():
        if node not in before.resources:
            listed[node] = row("Add", node[1], definition["Type"])
        elif made := _row(node, before, definition, listed):
            listed[node] = made
    pages = {service: [made for node, made in listed.items() if node[0] == service] for service in SERVICES}
    below = {service: answer(*rows) if rows else answer(**NOTHING) for service, rows in pages.items()}
    return {"": answer(*map(automatic, SERVICES)), **below}


def _row(node: Node, before: World, definition: dict[str, Any], listed: dict[Node, Any]) -> Any:
    details, key = [], KINDS[definition["Type"]]
    former = before.resources[node]["Properties"]
    for name in sorted(former.keys() | definition["Properties"].keys()):
        old, new = (None if side.get(name) is None else before.resolve(side[name]) for side in (former, definition["Properties"]))
        recreation = "Always" if name == key else "Never"
        value = definition["Properties"].get(name)
        if isinstance(value, tuple) and value[0] in listed:
            details.append(detail(name, old, UNKNOWN, recreation=recreation, evaluation="Dynamic", ChangeSource="ResourceReference"))
        elif old != new:
            details.append(detail(name, old, new, recreation=recreation))
    if not details:
        return None
    blamed = [one["Evaluation"] for one in details if one["Target"]["RequiresRecreation"] == "Always"]
    replacement = "True" if "Static" in blamed else "Conditional" if blamed else "False"
    return row("Modify", node[1], definition["Type"], *details, Replacement=replacement)


@settings(max_examples=250, deadline=None)
@given(releases())
def test_what_is_said_to_stay_stays(pair: tuple[dict[Node, dict[str, Any]], dict[Node, dict[str, Any]]]) -> None:
    old, new = pair
    before = applied(World({}), old)
    after = applied(before, new)
    said = {one.path: one.verdict for one in review(subject(documents(old), documents(new), answers(before, new))).items}
    for node in new:
        verdict = said.get("/".join(node), "unchanged")
        if node not in old:
            assert verdict == "add"
        elif verdict == "unchanged":
            assert after.values[node] == before.values[node], (node, said)
        elif verdict == "modify":
            assert after.identity[node] == before.identity[node], (node, said)
    assert {"/".join(node) for node in old.keys() - new.keys()} == {path for path, verdict in said.items() if verdict == "remove"}


@settings(max_examples=100, deadline=None)
@given(definitions(), st.data())
def test_an_edit_in_place_that_nobody_asks_for_changes_nothing_else(resources: dict[Node, dict[str, Any]], data: st.DataObject) -> None:
    """Not only sound but of use: whatever asks for names and ARNs alone is proven unchanged, however far away."""
    plain = {
        node: {
            **one,
            "Properties": {name: (value[0], "Arn") if isinstance(value, tuple) else value for name, value in one["Properties"].items()},
        }
        for node, one in resources.items()
    }
    node = data.draw(st.sampled_from(sorted(plain)))
    edited = {**plain, node: {**plain[node], "Properties": {**plain[node]["Properties"], "Edited": "x"}}}
    before = applied(World({}), plain)
    made = review(subject(documents(plain), documents(edited), answers(before, edited)))
    assert {one.path for one in made.items if one.verdict != "unchanged"} == {"/".join(node)}
