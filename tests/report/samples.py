"""Plans, records and states as they look in practice, one of each kind that a reader may meet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import msgspec

from deploy.changes import Counts, Difference, Finding, Item, Kind, Review, Verdict
from deploy.clearing.choice import Choice, Thing
from deploy.drifting import Acceptance, Drifted, DriftReport, Unchecked, Uncovered
from deploy.drifting import Difference as DriftedProperty
from deploy.manifest import Bucket, Manifest, Preferences, Roles, StackSet, Wave
from deploy.model import Act, Trigger
from deploy.noun import Noun
from deploy.parity.proof import Finding as ParityFinding
from deploy.parity.report import Carried, Explained, Parity
from deploy.plan import Plan, Proposal, Settings, seal
from deploy.progress import Cause
from deploy.readback import Read, ReadBack
from deploy.record import (
    Change,
    History,
    InstanceFailure,
    Moved,
    Record,
    Running,
    StackState,
    StatusReport,
    TriggerState,
    WaveResult,
)
from deploy.report.difference import TemplatePair, Templates
from deploy.setting import Changes, Configuration, Differences, Past, Value
from deploy.setting import Difference as SettingDifference
from deploy.stacksets import model as stacksets
from deploy.status import Status

AT = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
KINDS: tuple[Kind, ...] = get_args(Kind)

MANIFEST = Manifest(
    version=1,
    project="tap",
    environment="dev",
    account="111111111111",
    region="us-east-1",
    tags={"Environment": "dev"},
    roles=Roles(publish="tap-publish", plan="tap-plan", deploy="tap-deploy", execution="tap-execution", external_id="tap"),
    artifacts=(Bucket(name="tap-artifacts-111111111111-us-east-1-dev", region="us-east-1"),),
    bootstraps=(),
    stacks=(),
    templates=(),
    assets=(),
    joins=(),
    parameters="/tap/dev",
    checks=(),
    limits=(),
    values={},
)
SETTINGS = Settings(
    templates={"root": "a" * 64},
    parameters={},
    tags={"Environment": "dev"},
    role="arn:aws:iam::111111111111:role/tap-execution",
    capabilities=("CAPABILITY_IAM",),
    triggers=(Trigger(arn="arn:aws:cloudwatch:us-east-1:111111111111:alarm:tap-dev-gate", type="AWS::CloudWatch::Alarm"),),
    monitoring_minutes=5,
    policy={},
    termination_protection=False,
)

ITEMS = (
    Item(
        path="Compute/ApiFunction",
        service="compute",
        type="AWS::Lambda::Function",
        verdict="modify",
        physical_id="tap-dev-api",
        differences=(
            Difference(pointer="/Properties/MemorySize", before=512, after=1024, because=("lambda.memory 512 -> 1024 (env/dev.yaml:13)",)),
            Difference(pointer="/Properties/Environment/Variables/TOKEN", before="***", after="***"),
            Difference(pointer="/Properties/Code/S3Key", before=f"assets/{'1' * 64}.zip", after=f"assets/{'2' * 64}.zip"),
        ),
        tags_change=True,
        source="templates/compute.py:90",
    ),
    Item(
        path="Compute/ApiVersion1a2b3c4d",
        service="compute",
        type="AWS::Lambda::Version",
        verdict="add",
        source="templates/compute.py:120",
    ),
    Item(path="Compute/ApiVersion9f8e7d6c", service="compute", type="AWS::Lambda::Version", verdict="remove", policy_action="Retain"),
    Item(
        path="Compute/WorkerMapping",
        service="compute",
        type="AWS::Lambda::EventSourceMapping",
        verdict="may replace",
        why="its queue's ARN is known only when the queue is there",
        differences=(Difference(pointer="/Properties/EventSourceArn", before="arn:aws:sqs:old", known=False, recreates="maybe"),),
    ),
    Item(
        path="Data/Items",
        service="data",
        type="AWS::DynamoDB::Table",
        verdict="replace",
        policy_action="ReplaceAndDelete",
        differences=(
            Difference(
                pointer="/Properties/KeySchema",
                before=[{"AttributeName": "id", "KeyType": "HASH"}],
                after=[{"AttributeName": "tenant", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
                recreates="yes",
            ),
        ),
        source="templates/data.py:31",
    ),
    Item(path="Data/Legacy", service="data", type="AWS::DynamoDB::Table", verdict="import"),
    Item(path="Network/Vpc", service="network", type="AWS::EC2::VPC", verdict="unchanged", why="its parameters resolve to what they were"),
)
FINDINGS = (
    Finding(kind="uncertainty", path="Compute/WorkerMapping", title="It may be replaced", detail=("AWS says Conditional: EventSourceArn",)),
    Finding(
        kind="data loss",
        path="Data/Items",
        title="The table will be replaced, and its items go with the old one",
        detail=("KeySchema cannot be changed in place", "DeletionPolicy is Delete"),
        remedy="export the items first, or keep the table and add a second one",
        waiver="--allow-loss",
    ),
    Finding(
        kind="broadening",
        path="Compute/WorkerRole",
        title="Allows s3:DeleteObject on tap-dev-data/*, which nothing allowed before",
        remedy="name the prefix that the worker needs",
        waiver="--allow-broadening",
    ),
    Finding(kind="interruption", path="Compute/ApiFunction", title="Requests fail while the function is updated"),
    Finding(kind="protection", path="tap-dev-app", title="Termination protection goes off"),
    Finding(kind="limit", path="Compute", title="480 of 500 resources"),
)


def plan(*proposals: Proposal) -> Plan:
    return seal(
        Plan(
            id="dev-20260304-120000",
            release="9f" * 32,
            commit="a5b26789" * 5,
            manifest=MANIFEST,
            manifest_digest="3c" * 32,
            by="arn:aws:sts::111111111111:assumed-role/tap-plan/ann",
            created=AT,
            expires=AT + timedelta(hours=24),
            proposals=proposals,
        )
    )


def proposal(review: Review, kind: str = "update") -> Proposal:
    return Proposal(
        stack=review.stack,
        region=review.region,
        kind=kind,  # type: ignore[arg-type]  # a test's word
        status=Status.UPDATE_COMPLETE,
        settings=SETTINGS,
        review=review,
    )


def review(stack: str = "tap-dev-app", **given: object) -> Review:
    return Review(stack=stack, region="us-east-1", kind="update", **given)  # type: ignore[arg-type]  # the fields of a Review


EVERYTHING = plan(
    proposal(
        review(
            items=ITEMS,
            findings=FINDINGS,
            settings=(Difference(pointer="/TerminationProtection", before=True, after=False),),
            counts=Counts(add=1, modify=1, replace=2, may_replace=1, remove=1, unchanged=23),
        )
    )
)
SMALL = plan(
    proposal(review("tap-dev-bootstrap"), "none"),
    proposal(review(items=ITEMS[:1], counts=Counts(modify=1, unchanged=1))),
)
NOTHING = plan(proposal(review(counts=Counts(unchanged=23)), "none"))
SETTINGS_ONLY = plan(proposal(review(settings=(Difference(pointer="/MonitoringMinutes", before=5, after=10),)), "settings"))
CREATE = plan(
    Proposal(
        stack="tap-dev-app",
        region="us-east-1",
        kind="create",
        settings=SETTINGS,
        review=Review(
            stack="tap-dev-app",
            region="us-east-1",
            kind="create",
            items=tuple(Item(path=f"Data/T{index}", service="data", type="AWS::DynamoDB::Table", verdict="add") for index in range(3)),
            counts=Counts(add=3),
        ),
    )
)
PLANS = {"everything": EVERYTHING, "small": SMALL, "nothing": NOTHING, "settings": SETTINGS_ONLY, "create": CREATE}

GOOD = Record(
    number=41,
    operation="deploy",
    environment="dev",
    by="arn:aws:sts::111111111111:assumed-role/tap-deploy/ann",
    host="laptop",
    began=AT - timedelta(hours=3),
    ended=AT - timedelta(hours=3) + timedelta(seconds=63),
    outcome="succeeded",
    code=0,
    plan="3f2a" * 16,
    release="9f" * 32,
    previous="8e" * 32,
    commit="a5b26789" * 5,
    stacks=(Moved(stack="tap-dev-app", before="CREATE_COMPLETE", after="UPDATE_COMPLETE"),),
    counts=Counts(add=1, modify=2),
    events=40,
    api_calls=57,
)
BAD = Record(
    number=42,
    operation="deploy",
    environment="dev",
    by="arn:aws:iam::111111111111:user/ci",
    host="runner-7",
    began=AT - timedelta(minutes=30),
    ended=AT - timedelta(minutes=28),
    outcome="rolled back",
    code=7,
    plan="4b" * 32,
    release="ab" * 32,
    stacks=(Moved(stack="tap-dev-app", before="UPDATE_COMPLETE", after="UPDATE_ROLLBACK_COMPLETE"),),
    events=31,
    causes=(
        Cause(
            kind="resource",
            path=("Compute", "ApiFunction"),
            type="AWS::Lambda::Function",
            status="UPDATE_FAILED",
            reason="The runtime parameter of nodejs10.x is no longer supported",
            at=AT - timedelta(minutes=29),
        ),
    ),
    api_calls=80,
)
OPEN = Record(number=43, operation="destroy", environment="dev", by="arn:aws:iam::111111111111:user/ben", host="laptop", began=AT)
HISTORY = History(environment="dev", records=(GOOD, BAD, OPEN))

STATUS = StatusReport(
    environment="dev",
    account="111111111111",
    region="us-east-1",
    at=AT,
    release="9f" * 32,
    commit="a5b26789" * 5,
    since=AT - timedelta(hours=3),
    by=GOOD.by,
    gate=TriggerState(name="tap-dev-gate", state="OK", since=AT - timedelta(days=9)),
    last=BAD,
    running=Running(operation="deploy", by=GOOD.by, host="laptop", since=AT - timedelta(minutes=1)),
    stacks=(
        StackState(name="tap-dev-bootstrap", region="us-east-1", status="CREATE_COMPLETE", since=AT - timedelta(days=40), policy=True),
        StackState(
            name="tap-dev-app",
            region="us-east-1",
            status="UPDATE_ROLLBACK_COMPLETE",
            since=AT - timedelta(minutes=28),
            drift="DRIFTED",
            drift_checked=AT - timedelta(hours=50),
            termination_protection=True,
            policy=True,
            triggers=(TriggerState(name="tap-dev-gate", state="OK"), TriggerState(name="tap-dev-app-health", state="ALARM", since=AT)),
            monitoring_minutes=5,
            outputs={"ApiUrl": "https://abc.execute-api.us-east-1.amazonaws.com/v1", "TableName": "tap-dev-items"},
        ),
        StackState(name="tap-dev-replica", region="eu-west-1"),
    ),
)
EMPTY_STATUS = StatusReport(environment="prod", account="333333333333", region="us-east-1", at=AT)

TEMPLATES = Templates(
    pairs=(
        TemplatePair(path="tap-dev-app", deployed={"Resources": {}}, built={"Resources": {}}),
        TemplatePair(
            path="tap-dev-app/Compute",
            deployed={"Resources": {"Api": {"Properties": {"MemorySize": 512}, "Type": "AWS::Lambda::Function"}}},
            built={"Resources": {"Api": {"Properties": {"MemorySize": 1024}, "Type": "AWS::Lambda::Function"}}},
        ),
        TemplatePair(path="tap-dev-app/New", built={"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}),
    )
)
_GIVEN = Acceptance(
    path="Compute/Limit",
    property="",
    seen="0" * 64,
    until="2026-12-24",
    reason="a slow partner",
    by="arn:aws:iam::1:user/ann",
    at="2026-11-01T10:00:00Z",
)
DRIFT = DriftReport(
    environment="dev",
    stack="tap-app-dev",
    at=AT,
    stacks=11,
    counts={"IN_SYNC": 41, "MODIFIED": 3, "DELETED": 1, "NOT_CHECKED": 1, "UNKNOWN": 0},
    clean=False,
    drifted=(
        Drifted(
            path="Messaging/JobsQueue",
            type="AWS::SQS::Queue",
            physical_id="https://sqs.us-east-1.amazonaws.com/1/tap-jobs-dev",
            status="MODIFIED",
            differences=(
                DriftedProperty(property="/VisibilityTimeout", kind="NOT_EQUAL", expected="180", actual="45"),
                DriftedProperty(property="/Tags/0", kind="REMOVE", expected='{"Key": "Owner", "Value": "team"}', actual="null"),
            ),
            since=AT,
            seen=AT,
            by=(Act(at=AT, by="arn:aws:sts::1:assumed-role/admin/ann", event="SetQueueAttributes"),),
            ways=("put it back: python -m deploy up dev --revert-drift",),
        ),
        Drifted(path="Messaging/AlarmTopic", type="AWS::SNS::Topic", physical_id="arn:x", status="DELETED", since=AT, seen=AT),
    ),
    accepted=(
        Drifted(
            path="Compute/Limit",
            type="AWS::SSM::Parameter",
            physical_id="/tap/dev/limit",
            status="MODIFIED",
            differences=(DriftedProperty(property="/Value", kind="NOT_EQUAL", expected="10", actual="11\x1b[31m" + "x" * 200),),
            since=AT,
            seen=AT,
            accepted=(_GIVEN,),
        ),
    ),
    uncovered=(Uncovered(path="Api/Model", type="AWS::ApiGateway::Model", status="NOT_CHECKED"),),
    unchecked_stacks=(Unchecked(path="Data", reason="Stack [Data] does not exist"),),
    notes=("CloudTrail cannot be asked who changed what",),
)
CLEAN = DriftReport(environment="dev", stack="tap-app-dev", at=AT, stacks=11, counts={"IN_SYNC": 45}, clean=True)
ANN = "arn:aws:sts::111111111111:assumed-role/tap-operator-tools/ann"
LIMIT = Value(name="page-limit", type="number", description="items of one answer", value="20", default="50", version=2, by=ANN, at=AT)
KEY = Value(name="api-key", type="secret", description="of the partner's API", value="***", version=1, by=ANN, at=AT)
LEVEL = Value(
    name="log-level",
    type="text",
    value="LOUD",
    default="INFO",
    version=3,
    by=ANN,
    at=AT,
    problem="expected one of DEBUG, INFO, WARN, ERROR",
)
SETTINGS_NOW = Configuration(
    environment="dev", path="/tap/dev/config", cache_seconds=30, values=(KEY, LEVEL, LIMIT), strangers=("page-limits",)
)
SETTING_CHANGES = Changes(
    environment="dev",
    changes=(
        Past(at=AT, name="log-level", before="INFO", after="LOUD", by=ANN, version=3, source="Parameter Store"),
        Past(at=AT - timedelta(hours=1), name="page-limit", before="50", after="20", by=ANN, version=2, reason="a slow\u202eclient"),
        Past(at=AT - timedelta(hours=2), name="api-key", before="", after="***", by=ANN, outcome="refused"),
    ),
)
SETTING_DIFFERENCES = Differences(
    left="dev",
    right="prod",
    differences=(
        SettingDifference(name="log-level", left=LEVEL, right=None),
        SettingDifference(name="page-limit", left=LIMIT, right=Value(name="page-limit", type="number", value="100", default="100")),
    ),
)
CHANGED = Record(
    number=11,
    operation="config set",
    environment="dev",
    by=ANN,
    host="laptop",
    began=AT,
    ended=AT + timedelta(seconds=1),
    outcome="succeeded",
    code=0,
    change=Change(name="page-limit", before="50", after="20", version=2, reason="a slow client"),
)
ARTIFACTS = "tap-artifacts-111111111111-us-east-1-dev"
UNUSED = Choice(
    environment="dev",
    keep=10,
    days=30,
    removable=(
        Thing(bucket=ARTIFACTS, key=f"assets/{'a' * 64}.zip", size=8_204, modified=AT),
        Thing(bucket=ARTIFACTS, key=f"manifests/{'b' * 64}.json", size=34_567, modified=AT),
    ),
    used=18,
    young=3,
    unknown=(Thing(bucket=ARTIFACTS, key="templates/by-hand\x1b[31m.json", size=2, modified=AT),),
)
READ = Read(bucket=ARTIFACTS, key=f"manifests/{'b' * 64}.json", what="manifest", state="as published", size=34_567, sha256="b" * 64)
READ_BACK = ReadBack(
    environment="dev",
    manifest="b" * 64,
    kept="c" * 64,
    objects=(
        READ,
        Read(bucket=ARTIFACTS, key=f"templates/{'d' * 64}.json", what="template of data", state="missing", problem="it is not there"),
        Read(
            bucket=ARTIFACTS,
            key=f"assets/{'e' * 64}.zip",
            what="code of api",
            state="differs",
            size=2,
            sha256="f" * 64,
            problem=f"its SHA-256 is {'f' * 12}, and was {'e' * 12}; it has 2 bytes, and had 8,204",
        ),
    ),
)
WAVES = (Wave(name="canary", accounts=("222222222222",), regions=("us-east-1",), preferences=Preferences(failure_tolerance_count=0)),)
BASELINE = StackSet(
    name="baseline",
    set_name="tap-baseline-tools",
    description="What every account has",
    region="us-east-1",
    template="baseline",
    capabilities=("CAPABILITY_NAMED_IAM",),
    permission_model="SELF_MANAGED",
    administration_role="tap-administration",
    execution_role="tap-execution",
    plan_role="tap-reach-plan",
    parameters={"KeepDays": "30"},
    waves=WAVES,
    tags={"Project": "tap"},
)
CONTENT = stacksets.Content(template="a" * 64, parameters={"KeepDays": "30"}, tags={"Project": "tap"}, capabilities=(), description="d")
SET_PLAN = seal(
    stacksets.SetPlan(
        id="20260304-120000-abcdef",
        operation="stackset apply",
        release="9" * 64,
        commit="a5b26789a5b2" + "0" * 28,
        manifest=MANIFEST,
        manifest_digest="9" * 64,
        by="arn:aws:sts::111111111111:assumed-role/tap-plan/ann",
        created=AT,
        expires=AT + timedelta(days=1),
        stack_set=BASELINE,
        before=CONTENT,
        after=msgspec.structs.replace(CONTENT, parameters={"KeepDays": "90"}),
        differences=(Difference(pointer="/parameters/KeepDays", before="30", after="90"),),
        rows=(
            stacksets.Row(
                account="222222222222",
                region="us-east-1",
                wave="canary",
                action="update",
                why=("parameters",),
                status="CURRENT",
                drift="DRIFTED",
            ),
            stacksets.Row(
                account="333333333333", region="us-east-1", wave="canary", action="create", why=("new",), overrides={"KeepDays": "9"}
            ),
            stacksets.Row(account="444444444444", region="us-east-1", wave="", action="remove", status="CURRENT"),
        ),
        previews=(
            stacksets.Preview(account="222222222222", region="us-east-1", wave="canary", review=review("StackSet-tap-baseline-tools-1")),
            stacksets.Preview(
                account="333333333333", region="us-east-1", wave="canary", reason="role tap-reach-plan: it cannot be assumed"
            ),
        ),
        findings=(
            Finding(kind="broadening", path="Boundary", title="allows more", detail=("in 1 of 1 previews",), waiver="--allow-broadening"),
        ),
        notes=("1 instance declared no more, left as they are; --remove takes them out of the set",),
    )
)
ROLLOUT = Record(
    number=3,
    operation="stackset apply",
    environment="tools",
    by="arn:aws:sts::111111111111:assumed-role/tap-deploy/ann",
    host="desk",
    began=AT,
    ended=AT + timedelta(minutes=9),
    outcome="failed",
    code=7,
    plan="d" * 64,
    manifest="9" * 64,
    release="9" * 64,
    message="StackSet baseline",
    waves=(
        WaveResult(wave="canary", outcome="succeeded", operations=("tapline-d-1-canary-create-1",), done=1),
        WaveResult(
            wave="first",
            outcome="failed",
            done=1,
            cancelled=2,
            failed=(
                InstanceFailure(account="333333333333", region="us-east-1", reason="Account 333333333333 should have 'tap-execution' role"),
                InstanceFailure(
                    account="444444444444",
                    region="us-east-1",
                    reason="ResourceLogicalId:Jobs",
                    cause=Cause(
                        kind="resource",
                        path=("Messaging", "Jobs"),
                        type="AWS::SQS::Queue",
                        status="CREATE_FAILED",
                        reason="tap-jobs already exists",
                        at=AT,
                    ),
                ),
            ),
            reason="2 of 3 accounts failed in us-east-1, and 0 may",
        ),
    ),
)
SET_STATUS = stacksets.SetStatus(
    name="baseline",
    set_name="tap-baseline-tools",
    account="111111111111",
    region="us-east-1",
    at=AT + timedelta(hours=3),
    release="9" * 64,
    drift="IN_SYNC",
    drift_checked=AT,
    running=stacksets.Operation(id="tapline-d-1-first-update-1", action="UPDATE", status="RUNNING", created=AT),
    waves={"canary": (1, 2)},
    instances=(
        stacksets.InstanceState(account="222222222222", region="us-east-1", wave="canary", status="CURRENT", since=AT, release="9" * 64),
        stacksets.InstanceState(account="333333333333", region="us-east-1", wave="canary", status="OUTDATED", reason="no role there"),
    ),
    missing=(("555555555555", "us-east-1"),),
    outdated=1,
    rollouts=(ROLLOUT,),
)
SET_DRIFT = stacksets.SetDrift(
    name="baseline",
    set_name="tap-baseline-tools",
    operation="tapline-drift-1",
    at=AT,
    checked=1,
    drifted=(
        stacksets.DriftedInstance(
            account="222222222222",
            region="us-east-1",
            resources=(
                stacksets.ResourceDrift(
                    resource="Jobs", type="AWS::SQS::Queue", status="MODIFIED", differences=(("/VisibilityTimeout", "30", "99"),)
                ),
            ),
        ),
    ),
    unchecked=(stacksets.Unchecked(account="333333333333", region="us-east-1", reason="no role there"),),
)
NOUNS: dict[str, Noun] = {
    "stackset-plan": SET_PLAN,
    "stackset-record": ROLLOUT,
    "stackset-status": SET_STATUS,
    "stackset-drift": SET_DRIFT,
    "stackset-stopped": stacksets.Stopped(name="baseline"),
    "unused": UNUSED,
    "unused-nothing": Choice(environment="dev", keep=1, days=1, removable=(), used=0, young=0, unknown=()),
    "read-back": READ_BACK,
    "read-back-whole": ReadBack(environment="dev", manifest="b" * 64, objects=(READ,)),
    "status": STATUS,
    "status-empty": EMPTY_STATUS,
    "history": HISTORY,
    "record": BAD,
    "difference": TEMPLATES,
    "drift": DRIFT,
    "drift-clean": CLEAN,
    "setting": LIMIT,
    "configuration": SETTINGS_NOW,
    "configuration-empty": Configuration(environment="dev", path="/tap/dev/config"),
    "configuration-changes": SETTING_CHANGES,
    "configuration-differences": SETTING_DIFFERENCES,
    "configuration-record": CHANGED,
    "configuration-history": History(environment="dev", records=(CHANGED, GOOD)),
}

PARITY = Parity(
    environments=("dev", "prod"),
    live=False,
    explained=(
        Explained(
            field="network.nat_gateways",
            values={"dev": 0, "prod": 3},
            places={"prod": "env/prod.yaml:11"},
            parts=("network/Resources/NatGatewayA", "network/Resources/SqsEndpoint"),
        ),
        Explained(
            field="disaster_recovery",
            values={"dev": None, "prod": {"region": "us-west-2"}},
            places={"prod": "env/prod.yaml:4"},
            parts=("data/Resources/Items/Properties/Replicas/<disaster_recovery.region>",),
        ),
    ),
    carried=(
        Carried(field="name", values={"dev": "dev", "prod": "prod"}, uses={"dev": 454, "prod": 470}),
        Carried(field="network.public[0]", values={"dev": "10.10.0.0/22", "prod": "10.30.0.0/22"}, uses={"dev": 1, "prod": 1}),
    ),
    findings=(
        ParityFinding(
            kind="identity",
            environment="prod",
            other="dev",
            path="monitoring/Resources/ApiErrorsAlarm/Properties/Threshold",
            has="500",
            expected="5",
            origin="templates/monitoring.py:55",
            place="env/prod.yaml:1",
            because="name",
        ),
        ParityFinding(
            kind="unexplained",
            environment="prod",
            other="dev",
            path="messaging/Resources/SpareQueue",
            has='{"Properties/QueueName":"tap-<name>-`|x|`","Type":"AWS::SQS::Queue"}',
            expected=None,
            origin="templates/messaging.py:34",
        ),
        ParityFinding(kind="field", environment="prod", other="dev", path="owner", has='"us"', expected='"them"', place="env/prod.yaml:1"),
        ParityFinding(
            kind="deployed", environment="dev", other="", path="tap-app-dev/tags", has='{"Owner":"\\u001b[31m"}', expected='{"Owner":"us"}'
        ),
    ),
    notes=("drift of the real resources was not looked at",),
)
HELD = Parity(environments=("dev", "staging"), live=True, explained=(), carried=(), findings=(), notes=())
PARITIES = {"parity": PARITY, "parity-held": HELD}
