"""Small subjects for tests: templates before and after, and what DescribeChangeSet answers, as boto3 gives it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from deploy import manifest
from deploy.aws import changes
from deploy.changes import Finding, Item, Review
from deploy.plan import Settings
from deploy.review import Subject, review

STACK_ID = "arn:aws:cloudformation:us-east-1:111122223333:stack/app/1a2b"
UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"
Document = dict[str, Any]
Row = dict[str, Any]


def template(resources: Mapping[str, Any], outputs: Mapping[str, Any] | None = None, *parameters: str, **more: Any) -> Document:
    made: Document = {"Resources": dict(resources), **more}
    if outputs:
        made["Outputs"] = {name: {"Value": value} for name, value in outputs.items()}
    if parameters:
        made["Parameters"] = {name: {"Type": "String"} for name in parameters}
    return made


def resource(kind: str, policies: str = "", **properties: Any) -> Document:
    """``policies``: both DeletionPolicy and UpdateReplacePolicy."""
    both = {"DeletionPolicy": policies, "UpdateReplacePolicy": policies} if policies else {}
    return {"Type": kind, "Properties": properties, **both}


def nested(url: str = "https://x/t.json", **parameters: Any) -> Document:
    return resource("AWS::CloudFormation::Stack", TemplateURL=url, Parameters=parameters)


def att(logical_id: str, attribute: str) -> Document:
    return {"Fn::GetAtt": [logical_id, attribute]}


def row(action: str, logical_id: str, kind: str, *details: Document, **more: Any) -> Row:
    """One ResourceChange. ``before``, ``after``: properties of the whole resource, as BeforeContext and AfterContext have them."""
    contexts = {
        key: json.dumps({"Properties": more.pop(name)})
        for key, name in (("BeforeContext", "before"), ("AfterContext", "after"))
        if name in more
    }
    scope = list(dict.fromkeys(detail["Target"]["Attribute"] for detail in details))
    base: Row = {"Action": action, "LogicalResourceId": logical_id, "ResourceType": kind, "Details": list(details), "Scope": scope}
    if action != "Add":
        base["PhysicalResourceId"] = f"{logical_id.lower()}-1"
    if action == "Modify":
        base["Replacement"] = "False"
    return {**base, **contexts, **more}


def detail(
    name: str, before: Any = None, after: Any = None, *, recreation: str = "Never", evaluation: str = "Static", **more: Any
) -> Document:
    values = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in (("BeforeValue", before), ("AfterValue", after))
        if value is not None
    }
    target = {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation, "Path": f"/Properties/{name}", **values}
    return {"Target": target, "Evaluation": evaluation, "ChangeSource": "DirectModification", **more}


def by_parameter(name: str, parameter: str, recreation: str = "Never") -> tuple[Document, Document]:
    """The pair that AWS gives where a parameter's value is known only after apply (cloudformation-coverage-roadmap#759)."""
    reference = {"ChangeSource": "ParameterReference", "CausingEntity": parameter}
    return (
        detail(name, "old", UNKNOWN, recreation=recreation, evaluation="Dynamic"),
        detail(name, "old", UNKNOWN, recreation=recreation, evaluation="Dynamic", **reference),
    )


AUTOMATIC: Document = {"Target": {"Attribute": "Properties"}, "Evaluation": "Dynamic", "ChangeSource": "Automatic"}


def automatic(logical_id: str, **more: Any) -> Row:
    """The row that every nested stack gets, changed or not."""
    return row("Modify", logical_id, "AWS::CloudFormation::Stack", AUTOMATIC, ChangeSetId=logical_id, **more)


def answer(*rows: Row, stack: str = "app", **more: Any) -> Document:
    """One page of DescribeChangeSet."""
    return {
        "ChangeSetId": stack,
        "ChangeSetName": "proposal",
        "StackId": STACK_ID.replace("app", stack),
        "StackName": stack,
        "Status": "CREATE_COMPLETE",
        "ExecutionStatus": "AVAILABLE",
        "Changes": [{"Type": "Resource", "ResourceChange": one} for one in rows],
        **more,
    }


NOTHING = {"Status": "FAILED", "ExecutionStatus": "UNAVAILABLE", "StatusReason": "The submitted information didn't contain changes."}
Answers = Mapping[str, Document | Sequence[Document]]


def subject(before: Mapping[str, Document], after: Mapping[str, Document], answers: Answers, **more: Any) -> Subject:
    """``answers``: path of the change set ("" the root) -> its page, or its pages."""

    def describe(**arguments: Any) -> Document:
        found = answers[arguments["ChangeSetName"]]
        pages = [found] if isinstance(found, Mapping) else list(found)
        index = int(arguments.get("NextToken", 0))
        rest = {"NextToken": str(index + 1)} if index + 1 < len(pages) else {}
        return {**pages[index], **rest}

    services = {"": "root", **{path: path.rpartition("/")[2].lower() for path in {*before, *after} if path}}
    return Subject(
        **{
            "stack": stack(*[name for path, name in services.items() if path]),
            "change_set": changes.read(describe, ""),
            "before": before,
            "after": after,
            "services": services,
            "settings_before": settings() if before else None,
            "settings_after": settings(),
            **more,
        }
    )


def stack(*services: str) -> manifest.Stack:
    return manifest.Stack(
        name="app",
        region="us-east-1",
        root="root",
        services=services,
        capabilities=(),
        termination_protection=False,
        policy={},
        guard=manifest.Guard(triggers=(), monitoring_minutes=0),
    )


def settings(**more: Any) -> Settings:
    values: dict[str, Any] = {
        "templates": {},
        "parameters": {},
        "tags": {},
        "role": "",
        "capabilities": (),
        "triggers": (),
        "monitoring_minutes": 0,
        "policy": {},
        "termination_protection": False,
    }
    return Settings(**{**values, **more})


def flat(before: Mapping[str, Any], after: Mapping[str, Any], *rows: Row, **more: Any) -> Review:
    """The review of a stack without nested ones, from its resources."""
    return review(subject({"": template(before)}, {"": template(after)}, {"": answer(*rows)}, **more))


def changed(kind: str, before: Mapping[str, Any], after: Mapping[str, Any], **more: Any) -> Review:
    """The review of one resource, `It`, whose properties change in place."""
    names = sorted({*before, *after})
    listed = [detail(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)]
    both = (
        {"Type": kind, "Properties": dict(before), **more.pop("about", {})},
        {"Type": kind, "Properties": dict(after), **more.pop("about_after", {})},
    )
    return flat({"It": both[0]}, {"It": both[1]}, row("Modify", "It", kind, *listed), **more)


def item(made: Review, path: str) -> Item:
    return next(one for one in made.items if one.path == path)


def verdicts(made: Review) -> dict[str, str]:
    return {one.path: one.verdict for one in made.items}


def found(made: Review, kind: str, path: str | None = None) -> list[Finding]:
    return [one for one in made.findings if one.kind == kind and (path is None or one.path == path)]


def kinds(made: Review) -> set[tuple[str, str]]:
    return {(one.kind, one.path) for one in made.findings}
