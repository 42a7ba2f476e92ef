"""Data loss: what holds data and is removed, replaced, or made to forget sooner."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.changes import Finding, Waiver
from deploy.model import NESTED
from deploy.review.expressions import Node
from deploy.review.view import Entry, View
from deploy.review.watch import Watch, lower, new_or_lower, seen
from deploy.stateful import STATEFUL

WAIVER: Waiver = "--allow-loss"

# What forgets sooner, or for the first time, than it did. The service deletes what is older than that, also of what is there.
FORGETS = (
    Watch("AWS::S3::Bucket", "/LifecycleConfiguration/Rules/*/ExpirationInDays", new_or_lower, "objects expire sooner"),
    Watch("AWS::S3::Bucket", "/LifecycleConfiguration/Rules/*/ExpirationDate", new_or_lower, "objects expire at a date"),
    Watch(
        "AWS::S3::Bucket",
        "/LifecycleConfiguration/Rules/*/NoncurrentVersionExpiration/NoncurrentDays",
        new_or_lower,
        "replaced versions expire sooner",
    ),
    Watch(
        "AWS::S3::Bucket",
        "/LifecycleConfiguration/Rules/*/NoncurrentVersionExpirationInDays",
        new_or_lower,
        "replaced versions expire sooner",
    ),
    Watch("AWS::S3::Bucket", "/LifecycleConfiguration/Rules/*/Prefix", seen, "a lifecycle rule reaches other objects"),
    Watch(
        "AWS::DynamoDB::*", "/TimeToLiveSpecification/Enabled", lambda before, after: after is True, "items expire by their time to live"
    ),
    Watch(
        "AWS::DynamoDB::*",
        "/TimeToLiveSpecification/AttributeName",
        lambda before, after: after is not None,
        "items expire by another attribute",
    ),
    Watch("AWS::DynamoDB::GlobalTable", "/Replicas/*/Region", lambda before, after: after is None, "the replica of a region is deleted"),
    Watch("AWS::SQS::Queue", "/MessageRetentionPeriod", lower, "messages expire sooner", default=345_600),
    Watch("AWS::Logs::LogGroup", "/RetentionInDays", new_or_lower, "log events expire sooner"),
    Watch("AWS::Kinesis::Stream", "/RetentionPeriodHours", lower, "records expire sooner", default=24),
    Watch("AWS::Timestream::Table", "/RetentionProperties/*", lower, "records expire sooner"),
    Watch(
        "AWS::Backup::BackupPlan", "/BackupPlan/BackupPlanRule/*/Lifecycle/DeleteAfterDays", new_or_lower, "recovery points expire sooner"
    ),
    Watch("AWS::ECR::Repository", "/LifecyclePolicy/LifecyclePolicyText", seen, "images expire by another rule"),
)

_ACTIONS = {
    "Delete": ("is deleted", "{what} in it are gone"),
    "Snapshot": ("is deleted, a snapshot is kept", "what was written after the snapshot is gone"),
    "Retain": ("leaves the stack and stays behind", "{what} stay in {id}, which no stack looks after"),
    "ReplaceAndDelete": ("is replaced by an empty one", "{what} in {id} are gone"),
    "ReplaceAndSnapshot": ("is replaced by an empty one, a snapshot is kept", "{what} have to be restored from the snapshot"),
    "ReplaceAndRetain": ("is replaced by an empty one, the old one stays behind", "{what} stay in {id}, which no stack looks after"),
}
_WORST = ("Delete", "ReplaceAndDelete", "Snapshot", "ReplaceAndSnapshot", "Retain", "ReplaceAndRetain")


def findings(view: View) -> Iterator[Finding]:
    """Worst first: what is deleted, what is replaced, what stays behind, what forgets sooner."""
    if view.subject.creates:
        return
    gone = [entry for entry in view.entries if entry.policy_action and entry.verdict != "add" and _holds(view, entry)]
    for entry in sorted(gone, key=lambda one: (_WORST.index(one.policy_action), one.verdict == "may replace")):
        yield _finding(view, entry)
    for entry in view.entries:
        yield from _forgets(entry)


def _holds(view: View, entry: Entry) -> str:
    """What is lost with a resource, "" where it is nothing."""
    if entry.type != NESTED:
        return STATEFUL.get(str((entry.before or {}).get("Type", entry.type)), "") or STATEFUL.get(entry.type, "")
    below = _below(entry.node)
    if below not in view.subject.before:
        return "" if entry.verdict == "may replace" and not view.subject.before else "whatever it holds, since its template was not read,"
    if entry.verdict == "remove":
        return ""  # each resource in it has its own line
    kinds = {str(view.before.raw(node).get("Type", "")) for node in view.before.nodes() if f"{node[0]}/".startswith(f"{below}/")}
    return " and ".join(sorted({STATEFUL[kind] for kind in kinds if kind in STATEFUL}))


def _below(node: Node) -> str:
    return f"{node[0]}/{node[1]}" if node[0] else node[1]


def _finding(view: View, entry: Entry) -> Finding:
    title, loss = _ACTIONS[entry.policy_action]
    if entry.verdict == "may replace":
        title = title.replace("is replaced", "may be replaced", 1)
    identity = entry.physical_id or entry.path
    lines = (f"{entry.type} {identity}", loss.format(what=_holds(view, entry), id=identity), *((entry.fate.why,) if entry.fate.why else ()))
    return Finding(
        kind="data loss",
        path=entry.path,
        title=f"{entry.path} {title}",
        detail=lines,
        remedy=_remedy(entry),
        waiver=WAIVER,
    )


def _remedy(entry: Entry) -> str:
    if entry.policy_action.endswith("Retain"):
        return "import it into a stack again, or delete it by hand, once its data is safe"
    if entry.verdict == "remove":
        return "keep it in the template, or set DeletionPolicy: Retain in a release before this one"
    return "leave what replaces it as it is, or copy the data first; UpdateReplacePolicy: Retain keeps the old one"


def _forgets(entry: Entry) -> Iterator[Finding]:
    found = [hit for watch in FORGETS for hit in watch.hits(entry)]
    for hit in found:
        yield Finding(
            kind="data loss",
            path=entry.path,
            title=f"{entry.path}: {hit.says}",
            detail=(hit.words,),
            remedy="raise it again, or copy what is older first",
            waiver=WAIVER,
        )
