"""The artifact bucket, where a name is written once and kept, and its lock, which is swapped; its key; the gate alarm.

S3 itself refuses the second write: a bucket policy denies every write that does not ask for "only if there is nothing
yet" (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html). So no role, no
administrator and no mistake replaces what was reviewed. That page exempts the parts of multipart uploads by
s3:ObjectCreationOperation; nothing here is large enough for one, so they are refused as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from awacs import kms
from awacs import s3 as actions
from awacs.aws import Action, ArnNotEquals, ConditionElement, Null, Statement, StringEquals
from troposphere import Sub, cloudwatch, s3

from env import model
from resources import statements
from resources.alarms import latch
from resources.keys import key_with_alias
from resources.naming import bucket_pattern, name
from resources.policies import deny_everybody
from resources.roles import made_role_arn, role_arn

if TYPE_CHECKING:
    from troposphere.kms import Alias, Key

    from env.model import AnyEnvironment

# Written once: whoever finds a name taken has found the same content, or an entry that nobody may change.
PUBLISHED = ("assets", "index", "manifests", "releases", "templates")
LEDGER, LOCKS, APPROVALS = "ledger", "locks", "approvals"
ONCE = (*PUBLISHED, LEDGER, APPROVALS)
RECORDS = (APPROVALS, "index", LEDGER, LOCKS)
# What `gc` may clear away, and nothing else; the rest is what happened, and stays.
CLEARED = ("assets", "manifests", "releases", "templates")
# What StackSets of the organization read in their own accounts.
SHARED = ("assets", "templates")
STACKSETS = "stacksets"
"""Below it each StackSet has a ledger and a lock of its own."""
BUCKET = "ArtifactBucket"
"""Its logical id in bootstrap's template."""


def bucket_arn(env: AnyEnvironment, thing: str = "artifacts") -> str:
    """The text of an ``Fn::Sub``, to build longer texts from."""
    return f"arn:${{AWS::Partition}}:s3:::{bucket_pattern(env, thing)}"


def below(*folders: str) -> list[Sub]:
    """All objects in these folders of the artifact bucket. By the bucket itself, not by its name: bootstrap's template has few bytes to spare."""
    return [Sub(f"${{{BUCKET}.Arn}}/{folder}/*") for folder in folders]


def everything() -> list[Sub]:
    """All objects of the artifact bucket."""
    return [Sub(f"${{{BUCKET}.Arn}}/*")]


def artifact_key(env: AnyEnvironment, named: Callable[[AnyEnvironment, str], Sub] = role_arn) -> tuple[Key, Alias]:
    """A key for the bucket alone: used through S3, by the deployment's roles; by the organization to read what the bucket lets it read.

    ``named``: the ARN of a role.
    """
    roles = [named(env, role) for role in ("publish", "plan", "deploy", "execution")]
    via = StringEquals("kms:ViaService", Sub("s3.${AWS::Region}.${AWS::URLSuffix}"))
    users = statements.allow_roles("Deployment", roles, [kms.Decrypt, kms.GenerateDataKey], via)
    readers = allow_organization(env, "Organization", [kms.Decrypt], ["*"], via)
    return key_with_alias(
        env, "ArtifactKey", "artifacts", f"Templates, assets and the ledger of {env.project} {env.name}", [users, readers]
    )


def lifecycle(days: int, incomplete_upload_days: int) -> s3.LifecycleConfiguration:
    """What is current stays. The lock is replaced, what is unused is removed: old versions, and marks of removals, go after these days."""
    return s3.LifecycleConfiguration(
        Rules=[
            s3.LifecycleRule(
                Id="replaced",
                Status="Enabled",
                NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=days),
                ExpiredObjectDeleteMarker=True,
                AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=incomplete_upload_days),
            )
        ]
    )


def kept(env: AnyEnvironment, named: Callable[[str], Sub] = made_role_arn) -> list[Statement]:
    """The bucket's denials, to everybody: no overwriting, no deleting, no writing for anyone but the two who have to.

    Whoever clears away what no release needs any more is the one exception to ``Keep``, and none to ``KeepRecords``. It removes no version:
    what it took is there until the lifecycle ends it. Beside these the organization reads what StackSets need.
    """
    writers = ArnNotEquals("aws:PrincipalArn", [named(role) for role in ("publish", "deploy")])
    clearing = ArnNotEquals("aws:PrincipalArn", named("gc"))
    # Each StackSet has records of its own.
    sets = isinstance(env, model.ToolsEnvironment) and env.stack_sets
    records, once, locks = ((f"{STACKSETS}{part}",) if sets else () for part in ("", f"/*/{LEDGER}", f"/*/{LOCKS}"))
    return [
        deny_everybody("OnlyDeployment", [actions.PutObject], everything(), writers),
        deny_everybody("Keep", [actions.DeleteObject], everything(), clearing),
        deny_everybody("KeepVersions", [actions.DeleteObjectVersion], everything()),
        deny_everybody("KeepRecords", [actions.DeleteObject], below(*RECORDS, *records)),
        deny_everybody("WriteOnce", [actions.PutObject], below(*ONCE, *once), Null("s3:if-none-match", "true")),
        # Both keys under one operator: denied where neither is there.
        deny_everybody("SwapLocks", [actions.PutObject], below(LOCKS, *locks), Null({"s3:if-match": "true", "s3:if-none-match": "true"})),
        allow_organization(env, "Organization", [actions.GetObject], below(*SHARED)),
    ]


def allow_organization(
    env: AnyEnvironment, sid: str, actions: Iterable[Action], resources: Iterable[object], *conditions: ConditionElement
) -> Statement:
    """A resource policy's permission for every account of the organization, whose own policies decide who there may use it."""
    inside = StringEquals("aws:PrincipalOrgID", env.tools.trust.organization)
    return statements.allow_all(sid, actions, resources, inside, *conditions)


def gate_namespace(env: AnyEnvironment) -> str:
    return f"{env.project}/gate/{env.name}"


def switch_namespace(env: AnyEnvironment) -> str:
    """Of the metric that moves an environment's traffic to its second region (templates/failover.py)."""
    return f"{env.project}/switch/{env.name}"


def gate_alarm(env: AnyEnvironment) -> cloudwatch.Alarm:
    """The alarm that a failed verification sets (SetAlarmState), and that rolls a deployment back then.

    Nobody publishes its metric and missing data leave it as it is, so it never rings or falls silent by itself.
    """
    return latch(
        "GateAlarm",
        AlarmName=name(env, "gate", "alarm"),
        AlarmDescription="Set when a verification fails: CloudFormation rolls back",
        Namespace=gate_namespace(env),
        MetricName="Shut",
    )
