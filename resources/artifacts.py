"""The artifact bucket, where a name is written once and kept, and its lock, which is swapped; its key; the gate alarm.

S3 itself refuses the second write: a bucket policy denies every write that does not ask for "only if there is nothing
yet" (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html). So no role, no
administrator and no mistake replaces what was reviewed. That page exempts the parts of multipart uploads by
s3:ObjectCreationOperation; nothing here is large enough for one, so they are refused as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import kms
from awacs import s3 as actions
from awacs.aws import ArnNotEquals, Null, Statement, StringEquals
from troposphere import Sub, cloudwatch, s3

from resources import statements
from resources.keys import key_with_alias
from resources.naming import bucket_pattern, name
from resources.policies import deny_everybody
from resources.roles import role_arn

if TYPE_CHECKING:
    from troposphere.kms import Alias, Key

    from env.model import AnyEnvironment

# Written once: whoever finds a name taken has found the same content, or an entry that nobody may change.
PUBLISHED = ("assets", "index", "manifests", "releases", "templates")
LEDGER, LOCKS, APPROVALS = "ledger", "locks", "approvals"
ONCE = (*PUBLISHED, LEDGER, APPROVALS)
THINGS = ("artifacts", "artifact-logs")


def bucket_arn(env: AnyEnvironment, thing: str = "artifacts") -> str:
    """The text of an ``Fn::Sub``, to build longer texts from."""
    return f"arn:${{AWS::Partition}}:s3:::{bucket_pattern(env, thing)}"


def bucket_arns(env: AnyEnvironment) -> list[str]:
    """The artifact bucket and that of its access logs."""
    return [bucket_arn(env, thing) for thing in THINGS]


def below(env: AnyEnvironment, *folders: str) -> list[Sub]:
    """All objects in these folders of the artifact bucket."""
    return [Sub(f"{bucket_arn(env)}/{folder}/*") for folder in folders]


def everything(env: AnyEnvironment) -> list[Sub]:
    """All objects of the artifact bucket."""
    return [Sub(f"{bucket_arn(env)}/*")]


def artifact_key(env: AnyEnvironment) -> tuple[Key, Alias]:
    """A key for the bucket alone: used through S3, by the deployment's roles."""
    roles = [role_arn(env, role) for role in ("publish", "plan", "deploy", "execution")]
    via = StringEquals("kms:ViaService", Sub("s3.${AWS::Region}.${AWS::URLSuffix}"))
    users = statements.allow_roles("Deployment", roles, [kms.Decrypt, kms.GenerateDataKey], via)
    return key_with_alias(env, "ArtifactKey", "artifacts", f"Templates, assets and the ledger of {env.project} {env.name}", [users])


def lifecycle(days: int, incomplete_upload_days: int) -> s3.LifecycleConfiguration:
    """What is current stays; only the lock is ever replaced, and its old versions go."""
    return s3.LifecycleConfiguration(
        Rules=[
            s3.LifecycleRule(
                Id="replaced",
                Status="Enabled",
                NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=days),
                AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=incomplete_upload_days),
            )
        ]
    )


def kept(env: AnyEnvironment) -> list[Statement]:
    """The bucket's denials, to everybody: no overwriting, no deleting, no writing for anyone but the two who have to.

    Whoever clears away what no release needs any more will be the one exception to ``Keep``; who reads from other accounts
    of the organization is allowed beside these.
    """
    writers = ArnNotEquals("aws:PrincipalArn", [role_arn(env, role) for role in ("publish", "deploy")])
    return [
        deny_everybody("OnlyDeployment", [actions.PutObject], everything(env), writers),
        deny_everybody("Keep", [actions.DeleteObject, actions.DeleteObjectVersion], everything(env)),
        deny_everybody("WriteOnce", [actions.PutObject], below(env, *ONCE), Null("s3:if-none-match", "true")),
        # Both keys under one operator: denied where neither is there.
        deny_everybody("SwapLocks", [actions.PutObject], below(env, LOCKS), Null({"s3:if-match": "true", "s3:if-none-match": "true"})),
    ]


def gate_namespace(env: AnyEnvironment) -> str:
    return f"{env.project}/gate/{env.name}"


def gate_alarm(env: AnyEnvironment) -> cloudwatch.Alarm:
    """The alarm that a failed verification sets (SetAlarmState), and that rolls a deployment back then.

    Nobody publishes its metric and missing data leave it as it is, so it never rings or falls silent by itself.
    """
    return cloudwatch.Alarm(
        "GateAlarm",
        AlarmName=name(env, "gate", "alarm"),
        AlarmDescription="Set when a verification fails: CloudFormation rolls back",
        Namespace=gate_namespace(env),
        MetricName="Shut",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        DatapointsToAlarm=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Threshold=1,
        TreatMissingData="ignore",
        ActionsEnabled=True,
    )
