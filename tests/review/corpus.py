"""Change sets as AWS answers them, each with the trap that it is, and what the review has to say of it.

Shapes: API reference (DescribeChangeSet, ResourceChange, ResourceTargetDefinition) and the user guide's "Change sets for nested
stacks". ``source``: where the trap was met.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy.changes import Review
from deploy.review import review
from tests.review.cases import (
    NOTHING,
    UNKNOWN,
    Answers,
    Document,
    answer,
    att,
    automatic,
    by_parameter,
    detail,
    nested,
    resource,
    row,
    subject,
    template,
)

QUEUE, TABLE, PARAMETER, ROLE = "AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::SSM::Parameter", "AWS::IAM::ManagedPolicy"
STACK = "AWS::CloudFormation::Stack"


@dataclass(frozen=True, kw_only=True)
class Case:
    """``verdicts``: path -> verdict, of every item; ``findings``: every (kind, path), in any order; ``words``: somewhere in it."""

    id: str
    source: str
    before: Mapping[str, Document]
    after: Mapping[str, Document]
    answers: Answers
    verdicts: Mapping[str, str]
    findings: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    def review(self) -> Review:
        return review(subject(self.before, self.after, self.answers, **self.more))


def _reader() -> Document:
    """A parameter store value, whose name, which replaces it, comes from a sibling."""
    return template({"Named": resource(PARAMETER, Name={"Ref": "QueueName"}, Type="String", Value="v")}, None, "QueueName")


def _app(
    storage: Document, output: Any = None, reader: Document | None = None, properties: tuple[str, str] = ("Storage", "Outputs.QueueName")
) -> dict[str, Document]:
    root = template({"Storage": nested(), "Reader": nested(QueueName=att(*properties))})
    return {
        "": root,
        "Storage": template({"Queue": storage}, {"QueueName": output or att("Queue", "QueueName")}),
        "Reader": reader or _reader(),
    }


def _queue(visibility: int = 30, **more: Any) -> Document:
    return resource(QUEUE, VisibilityTimeout=visibility, **more)


def _named(replacement: str, *details: Document) -> Document:
    return row("Modify", "Named", PARAMETER, *(details or by_parameter("Name", "QueueName", "Always")), Replacement=replacement)


def _siblings(replacement: str, changed: Document | None = None, *details: Document) -> Answers:
    return {
        "": answer(automatic("Storage"), automatic("Reader")),
        "Storage": answer(changed or row("Modify", "Queue", QUEUE, detail("VisibilityTimeout", "30", "60"))),
        "Reader": answer(_named(replacement, *details), Parameters=[{"ParameterKey": "QueueName", "ParameterValue": UNKNOWN}]),
    }


STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def _policy(*statements: Document) -> Document:
    return resource(ROLE, PolicyDocument={"Version": "2012-10-17", "Statement": list(statements)})


def _one(before: Document | None, after: Document | None, *rows: Document, **more: Any) -> dict[str, Any]:
    return {
        "before": {"": template({"Thing": before} if before else {})},
        "after": {"": template({"Thing": after} if after else {})},
        "answers": {"": answer(*rows)},
        **more,
    }


_ROADMAP = "aws-cloudformation/cloudformation-coverage-roadmap#759"
_PROVEN = "its definition is the same, and all that it refers to stays"

CASES = [
    Case(
        id="a-sibling-that-changes-in-place-leaves-its-consumer-alone",
        source=_ROADMAP,
        before=_app(_queue()),
        after=_app(_queue(60)),
        answers=_siblings("Conditional"),
        verdicts={"Storage/Queue": "modify", "Reader/Named": "unchanged"},
        words=(_PROVEN, "AWS cannot tell QueueName before apply"),
    ),
    Case(
        id="even-where-aws-states-the-replacement",
        source=_ROADMAP + ": the row says True",
        before=_app(_queue()),
        after=_app(_queue(60)),
        answers=_siblings("True"),
        verdicts={"Storage/Queue": "modify", "Reader/Named": "unchanged"},
    ),
    Case(
        id="a-sibling-that-is-replaced-may-replace-its-consumer",
        source=_ROADMAP + ": the true positive beside it",
        before=_app(_queue(QueueName="a")),
        after=_app(_queue(QueueName="b")),
        answers=_siblings(
            "Conditional",
            row(
                "Modify",
                "Queue",
                QUEUE,
                detail("QueueName", "a", "b", recreation="Always"),
                Replacement="True",
                PolicyAction="ReplaceAndDelete",
            ),
        ),
        verdicts={"Storage/Queue": "replace", "Reader/Named": "may replace"},
        findings=(("data loss", "Storage/Queue"), ("uncertainty", "Reader/Named")),
        words=("Storage/Queue is replaced",),
    ),
    Case(
        id="another-output-is-another-value",
        source=_ROADMAP + ": the producer puts out something else",
        before=_app(_queue()),
        after=_app(_queue(60), att("Queue", "Arn")),
        answers=_siblings("True"),
        verdicts={"Storage/Queue": "modify", "Reader/Named": "replace"},
        findings=(("interruption", "Reader/Named"),),
        words=("Name is written otherwise",),
    ),
    Case(
        id="an-attribute-that-does-not-identify-may-change-with-its-resource",
        source="registry schemas: LatestVersionNumber is no identifier",
        before=_app(resource("AWS::EC2::LaunchTemplate", LaunchTemplateData={"ImageId": "a"}), att("Queue", "LatestVersionNumber")),
        after=_app(resource("AWS::EC2::LaunchTemplate", LaunchTemplateData={"ImageId": "b"}), att("Queue", "LatestVersionNumber")),
        answers=_siblings("Conditional", row("Modify", "Queue", "AWS::EC2::LaunchTemplate", detail("LaunchTemplateData", "a", "b"))),
        verdicts={"Storage/Queue": "modify", "Reader/Named": "may replace"},
        findings=(("uncertainty", "Reader/Named"),),
        words=("Storage/Queue.LatestVersionNumber may change with Storage/Queue",),
    ),
    Case(
        id="what-aws-knows-to-differ-is-believed-over-the-templates",
        source="a parameter read from Parameter Store, a tag, a release of a macro: the templates say nothing of it",
        before=_app(_queue()),
        after=_app(_queue(60)),
        answers=_siblings("True", None, detail("Name", "old", "new", recreation="Always")),
        verdicts={"Storage/Queue": "modify", "Reader/Named": "replace"},
        findings=(("interruption", "Reader/Named"),),
        words=("AWS gives another value",),
    ),
    Case(
        id="every-nested-stack-is-listed-and-none-of-them-changes",
        source="AWS-FACTS 21, 40: ChangeSource Automatic, and the child that changes nothing is FAILED",
        before=_app(_queue()),
        after=_app(_queue()),
        answers={
            "": answer(automatic("Storage"), automatic("Reader")),
            "Storage": answer(**NOTHING),
            "Reader": answer(**NOTHING),
        },
        verdicts={},
    ),
    Case(
        id="a-child-that-failed-early-validation-still-has-changes",
        source="AWS-FACTS 19, 40: AWS::EarlyValidation; amplify-cli ADR 005",
        before=_app(_queue()),
        after=_app(_queue(60)),
        answers={
            "": answer(
                automatic("Storage"),
                Status="FAILED",
                StatusReason="Nested change set arn was not successfully created: Currently in FAILED.",
            ),
            "Storage": answer(
                row("Modify", "Queue", QUEUE, detail("VisibilityTimeout", "30", "60")),
                Status="FAILED",
                StatusReason="The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck].",
            ),
        },
        verdicts={"Storage/Queue": "modify"},
        findings=(("uncertainty", ""), ("uncertainty", "Storage")),
        words=("AWS::EarlyValidation::ResourceExistenceCheck",),
    ),
    Case(
        id="a-statement-added-in-a-nested-stack-is-a-broadening",
        source="PEERS 1d.1: CDK's approval looks at the root alone",
        before={"": template({"App": nested()}), "App": template({"Policy": _policy(STATEMENT)})},
        after={
            "": template({"App": nested()}),
            "App": template({"Policy": _policy(STATEMENT, {"Effect": "Allow", "Action": "iam:*", "Resource": "*"})}),
        },
        answers={"": answer(automatic("App")), "App": answer(row("Modify", "Policy", ROLE, detail("PolicyDocument")))},
        verdicts={"App/Policy": "modify"},
        findings=(("broadening", "App/Policy"),),
        words=("Allow iam:* on *",),
    ),
    Case(
        id="conditional-is-never-an-ordinary-change",
        source="PEERS 1a: Runway flags only True",
        **_one(
            resource(PARAMETER, Name="a", Type="String", Value={"Ref": "AWS::StackName"}),
            resource(PARAMETER, Name={"Fn::Sub": "a"}, Type="String", Value="b"),
            row("Modify", "Thing", PARAMETER, detail("Tier", recreation="Conditionally", evaluation="Dynamic"), Replacement="Conditional"),
        ),
        verdicts={"Thing": "may replace"},
        findings=(("uncertainty", "Thing"),),
    ),
    Case(
        id="conditional-on-what-holds-data-is-a-data-loss",
        source="AWS-FACTS 21",
        **_one(
            resource(TABLE, TableName="a", BillingMode="PROVISIONED"),
            resource(TABLE, TableName="a", BillingMode="PAY_PER_REQUEST"),
            row("Modify", "Thing", TABLE, detail("BillingMode", recreation="Conditionally"), Replacement="Conditional"),
        ),
        verdicts={"Thing": "may replace"},
        findings=(("data loss", "Thing"),),
        words=("may be replaced by an empty one", "items in thing-1 are gone"),
    ),
    *(
        Case(
            id=f"policy-action-{action}-on-a-removal",
            source="AWS-FACTS 21: PolicyAction is the data-loss signal",
            **_one(resource(TABLE, TableName="a"), None, row("Remove", "Thing", TABLE, PolicyAction=action)),
            verdicts={"Thing": "remove"},
            findings=(("data loss", "Thing"),),
            words=(words,),
        )
        for action, words in (("Delete", "is deleted"), ("Retain", "stay in thing-1"), ("Snapshot", "a snapshot is kept"))
    ),
    *(
        Case(
            id=f"policy-action-{action}-on-a-replacement",
            source="AWS-FACTS 21",
            **_one(
                resource(TABLE, TableName="a"),
                resource(TABLE, TableName="b"),
                row("Modify", "Thing", TABLE, detail("TableName", "a", "b", recreation="Always"), Replacement="True", PolicyAction=action),
            ),
            verdicts={"Thing": "replace"},
            findings=(("data loss", "Thing"),),
            words=(words,),
        )
        for action, words in (
            ("ReplaceAndDelete", "items in thing-1 are gone"),
            ("ReplaceAndRetain", "the old one stays behind"),
            ("ReplaceAndSnapshot", "restored from the snapshot"),
        )
    ),
    Case(
        id="a-removal-without-policy-action-goes-by-the-deployed-template",
        source="API reference: PolicyAction is optional",
        **_one(resource(TABLE, "Retain", TableName="a"), None, row("Remove", "Thing", TABLE)),
        verdicts={"Thing": "remove"},
        findings=(("data loss", "Thing"),),
        words=("Retain", "stays behind"),
    ),
    Case(
        id="a-nested-stack-that-goes-takes-everything-in-it",
        source="aws/aws-cdk#11840: whole heaps were deleted without a line; the root has one row for all",
        before={
            "": template({"Data": nested()}),
            "Data": template({"Table": resource(TABLE), "Log": resource("AWS::Logs::LogGroup", "Retain"), "Deep": nested()}),
            "Data/Deep": template({"Queue": _queue()}),
        },
        after={"": template({"Other": resource(PARAMETER)})},
        answers={"": answer(row("Remove", "Data", STACK, PolicyAction="Delete"), row("Add", "Other", PARAMETER))},
        verdicts={
            "Data": "remove",
            "Data/Table": "remove",
            "Data/Log": "remove",
            "Data/Deep": "remove",
            "Data/Deep/Queue": "remove",
            "Other": "add",
        },
        findings=(("data loss", "Data/Table"), ("data loss", "Data/Log"), ("data loss", "Data/Deep/Queue")),
        words=("Data/Log leaves the stack and stays behind", "Data/Table is deleted"),
    ),
    Case(
        id="a-nested-stack-that-is-retained-keeps-everything-in-it",
        source="user guide, DeletionPolicy attribute",
        before={"": template({"Data": {**nested(), "DeletionPolicy": "Retain"}}), "Data": template({"Table": resource(TABLE)})},
        after={"": template({})},
        answers={"": answer(row("Remove", "Data", STACK, PolicyAction="Retain"))},
        verdicts={"Data": "remove", "Data/Table": "remove"},
        findings=(("data loss", "Data/Table"),),
        words=("Data/Table leaves the stack and stays behind",),
    ),
    Case(
        id="actions-beside-add-modify-remove",
        source="PEERS 1d: SAM raises KeyError on Import and Dynamic",
        before={"": template({"Odd": resource(TABLE), "Back": resource(QUEUE)})},
        after={"": template({"Odd": resource(TABLE), "Back": resource(QUEUE), "Taken": resource("AWS::S3::Bucket")})},
        answers={
            "": answer(
                row("Import", "Taken", "AWS::S3::Bucket"),
                row("Dynamic", "Odd", TABLE),
                row("SyncWithActual", "Back", QUEUE, detail("VisibilityTimeout", "60", "30")),
            )
        },
        verdicts={"Taken": "import", "Odd": "may replace", "Back": "modify"},
        findings=(("data loss", "Odd"), ("uncertainty", "Taken"), ("uncertainty", "Back")),
    ),
    Case(
        id="the-removal-stands-on-the-second-page",
        source="PEERS 1d: Runway, rain read the first page",
        before={"": template({"A": resource(PARAMETER, Value="1"), "Table": resource(TABLE)})},
        after={"": template({"A": resource(PARAMETER, Value="2")})},
        answers={
            "": [
                answer(row("Modify", "A", PARAMETER, detail("Value", "1", "2"))),
                answer(row("Remove", "Table", TABLE, PolicyAction="Delete")),
            ]
        },
        verdicts={"A": "modify", "Table": "remove"},
        findings=(("data loss", "Table"),),
    ),
    Case(
        id="aws-warns-that-values-are-missing",
        source="aws/aws-cdk-cli#1780: IncludePropertyValues drops changes",
        **_one(
            resource(PARAMETER, Value="1"),
            resource(PARAMETER, Value="2"),
            row("Modify", "Thing", PARAMETER, detail("Value")),
        )
        | {
            "answers": {
                "": answer(
                    row("Modify", "Thing", PARAMETER, detail("Value")),
                    StatusReason="[WARN] --include-property-values option can return incomplete ChangeSet data because: ChangeSet creation failed",
                )
            }
        },
        verdicts={"Thing": "modify"},
        findings=(("uncertainty", ""),),
        words=("/Properties/Value",),
    ),
    Case(
        id="a-change-that-aws-does-not-list-is-not-lost",
        source="aws/aws-cdk-cli#1780",
        before={"": template({"A": resource(PARAMETER, Value="1"), "B": resource(PARAMETER, Name="b", Value="1")})},
        after={"": template({"A": resource(PARAMETER, Value="2"), "B": resource(PARAMETER, Name="c", Value="1")})},
        answers={"": answer(row("Modify", "A", PARAMETER, detail("Value", "1", "2")))},
        verdicts={"A": "modify", "B": "may replace"},
        findings=(("uncertainty", "B"),),
        words=("its definition differs, though AWS lists no change",),
    ),
    Case(
        id="a-nested-stack-that-aws-was-not-asked-about",
        source="AWS-FACTS 11, 16; aws/aws-cli#6949: without IncludeNestedStacks the children still change",
        before=_app(_queue()),
        after=_app(_queue(60)),
        answers={"": answer(row("Modify", "Storage", STACK, detail("TemplateURL", "a", "b")))},
        verdicts={"Storage/Queue": "modify"},
        findings=(("uncertainty", "Storage"),),
        words=("AWS was not asked what happens in it",),
    ),
    Case(
        id="a-weaker-deletion-policy-is-no-change-of-aws-but-one-of-ours",
        source="user guide: a DeletionPolicy alone is no update",
        before={"": template({"A": resource(PARAMETER, Value="1"), "Table": resource(TABLE, "Retain")})},
        after={"": template({"A": resource(PARAMETER, Value="2"), "Table": resource(TABLE, "Delete")})},
        answers={"": answer(row("Modify", "A", PARAMETER, detail("Value", "1", "2")))},
        verdicts={"A": "modify", "Table": "modify"},
        findings=(("protection", "Table"),),
        words=("DeletionPolicy is weaker", "UpdateReplacePolicy is weaker"),
    ),
    Case(
        id="a-new-version-of-a-function-is-no-loss",
        source="docs/design.md, traps: ids that end in the hash of what they freeze",
        before={"": template({"Version1a2b3c4d": resource("AWS::Lambda::Version"), "Alias": resource("AWS::Lambda::Alias", Name="live")})},
        after={"": template({"Version5e6f7a8b": resource("AWS::Lambda::Version"), "Alias": resource("AWS::Lambda::Alias", Name="live")})},
        answers={
            "": answer(row("Remove", "Version1a2b3c4d", "AWS::Lambda::Version"), row("Add", "Version5e6f7a8b", "AWS::Lambda::Version"))
        },
        verdicts={"Version1a2b3c4d": "remove", "Version5e6f7a8b": "add"},
        words=("new version, in place of Version1a2b3c4d",),
    ),
    Case(
        id="a-first-create-broadens-nothing",
        source="AWS-FACTS 22: a change set for a stack in REVIEW_IN_PROGRESS",
        before={},
        after={"": template({"Policy": _policy(STATEMENT), "Role": resource("AWS::IAM::Role"), "Table": resource(TABLE)})},
        answers={
            "": answer(row("Add", "Policy", ROLE), row("Add", "Role", "AWS::IAM::Role"), row("Add", "Table", TABLE)),
        },
        verdicts={"Policy": "add", "Role": "add", "Table": "add"},
        findings=(("broadening", ""),),
        words=("a first create: 1 roles, 1 policies",),
    ),
    Case(
        id="nothing-at-all",
        source="aws/aws-cli#4534: an empty change set is an answer, no error",
        **_one(resource(TABLE), resource(TABLE)) | {"answers": {"": answer(**NOTHING)}},
        verdicts={},
    ),
    Case(
        id="a-policy-alone-that-aws-will-not-apply",
        source="user guide: a DeletionPolicy alone is no update",
        **_one(resource(TABLE), resource(TABLE, "Retain")) | {"answers": {"": answer(**NOTHING)}},
        verdicts={},
        findings=(("uncertainty", ""),),
        words=("AWS says that nothing changes, although 1 definitions differ",),
    ),
]
