"""The pipeline: one branch through check, publish, and plan, approval, apply and verification of each environment on its way.

Each build has a role of its own that may assume only what its stage needs (`resources/carriers.py`), and runs the commands that a
person would (`buildspecs/`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from awacs import codebuild as builds_actions
from awacs import codestar_connections, kms, s3, sns
from awacs.aws import Action, ArnEquals, ArnLike, Statement, StringEquals
from troposphere import GetAtt, Ref, Sub, codepipeline, events
from troposphere.s3 import AbortIncompleteMultipartUpload, LifecycleConfiguration, LifecycleRule, NoncurrentVersionExpiration
from troposphere.sns import Subscription

from resources import builds, carriers, pipelines, statements
from resources.keys import USE, key_with_alias
from resources.logs import log_group
from resources.naming import bucket_name, log_group_name, log_group_patterns, name
from resources.queues import topic, topic_policy
from resources.roles import role_arn, role_with_policy
from resources.storage import access_logs_of, bucket_policy, objects, private_bucket, private_log_bucket
from templates.service import Service

if TYPE_CHECKING:
    from troposphere.codebuild import Project
    from troposphere.s3 import Bucket

    from env.model import ToolsEnvironment
    from resources.carriers import Carrier

    Tools = Service[ToolsEnvironment]

BUILDSPECS = Path(__file__).with_name("buildspecs")
SOURCE, RELEASE = "Source", "Release"


def build(env: ToolsEnvironment) -> Service[ToolsEnvironment]:
    service = Service("pipeline", env, "The pipeline, which carries releases through the environments")
    key, alias = key_with_alias(
        env, "PipelineKey", "pipeline", f"Artifacts, logs and notices of the pipeline of {env.project}", _users(env)
    )
    service.add(key, alias)
    key_arn = GetAtt(key, "Arn")
    store = _store(service, key_arn)
    notices = service.add(topic("NoticeTopic", name(env, "pipeline", "topic"), key_arn=key_arn))
    projects = {carrier.thing: _project(service, carrier, store, key_arn) for carrier in carriers.builds(env.pipeline.environments)}
    pipeline = _pipeline(service, projects, store, key_arn, Ref(notices))
    failures = service.add(_failures(env, Ref(notices)))
    service.add(topic_policy(notices, _told(Ref(notices), GetAtt(failures, "Arn"))))
    if env.pipeline.email:
        notices.Subscription = [Subscription(Protocol="email", Endpoint=env.pipeline.email)]
    service.gives("PipelineName", Ref(pipeline), "Name of the pipeline")
    service.gives("NoticeTopicArn", Ref(notices), "ARN of the topic that is told of approvals and failures")
    return service


def _users(env: ToolsEnvironment) -> list[Statement]:
    """The builds and the pipeline through S3 and SNS, CloudWatch Logs for their groups, EventBridge for the notices."""
    roles = [role_arn(env, carrier.thing) for carrier in carriers.builds(env.pipeline.environments)]
    via = [Sub(f"{each}.${{AWS::Region}}.${{AWS::URLSuffix}}") for each in ("s3", "sns")]
    groups = [statements.arn(f"logs:log-group:{pattern}") for pattern in log_group_patterns(env)]
    return [
        statements.allow_roles("Pipeline", [role_arn(env, "pipeline"), *roles], USE, StringEquals("kms:ViaService", via)),
        statements.allow_service(
            "Logs", Sub("logs.${AWS::Region}.${AWS::URLSuffix}"), USE, ["*"], ArnLike("kms:EncryptionContext:aws:logs:arn", groups)
        ),
        statements.allow_service("Notices", "events.amazonaws.com", [kms.Decrypt, kms.GenerateDataKey], ["*"]),
    ]


def _store(service: Tools, key_arn: Any) -> Bucket:
    """Where a run's artifacts lie for as long as somebody may ask what was deployed."""
    env, days = service.env, service.env.pipeline.artifact_days
    logs = service.add(private_log_bucket("StoreLogBucket", bucket_name(env, "pipeline-logs"), days=env.logs.retention_days))
    rule = LifecycleRule(
        Id="runs",
        Status="Enabled",
        ExpirationInDays=days,
        NoncurrentVersionExpiration=NoncurrentVersionExpiration(NoncurrentDays=days),
        AbortIncompleteMultipartUpload=AbortIncompleteMultipartUpload(DaysAfterInitiation=env.storage.incomplete_upload_days),
    )
    bucket = service.add(
        private_bucket(
            "StoreBucket",
            bucket_name(env, "pipeline"),
            key_arn=key_arn,
            log_bucket=Ref(logs),
            lifecycle=LifecycleConfiguration(Rules=[rule]),
        )
    )
    service.add(bucket_policy(bucket), bucket_policy(logs, access_logs_of(GetAtt(bucket, "Arn"), logs)))
    return bucket


def _project(service: Tools, carrier: Carrier, store: Bucket, key_arn: Any) -> Project:
    """``carrier.thing`` is ``pipeline-<step>`` or ``pipeline-<step>-<environment>``."""
    env, thing = service.env, carrier.thing
    _, step, *where = thing.split("-", 2)
    title = "".join(part.capitalize() for part in thing.removeprefix("pipeline-").split("-"))
    permissions = [
        builds.logging(env, thing),
        *_artifacts(store, key_arn, writes=step in ("check", "plan")),
        *carriers.assuming(env, carrier),
    ]
    if step == "check":
        permissions.append(statements.allow("Clone", [codestar_connections.UseConnection, _USE_CONNECTION], _connections(env)))
    role, policy = role_with_policy(env, f"{title}Role", thing, builds.trust(env, thing), permissions)
    group = log_group(
        f"{title}LogGroup", log_group_name(env, builds.FAMILY, thing), retention_days=env.logs.retention_days, key_arn=key_arn
    )
    service.add(role, policy, group)
    work = builds.Work(thing=thing, buildspec=_buildspec(step), variables=_variables(env, step, *where))
    around = builds.Around(role_arn=GetAtt(role, "Arn"), key_arn=key_arn, log_group=Ref(group))
    return service.add(builds.project(env, f"{title}Build", work, around))


def _variables(env: ToolsEnvironment, step: str, where: str = "") -> dict[str, str]:
    if step == "publish":
        return {"ENVIRONMENTS": " ".join(env.pipeline.environments)}
    return {"ENVIRONMENT": where} if where else {}


def _buildspec(step: str) -> str:
    return (BUILDSPECS / f"{step}.yaml").read_text(encoding="utf-8")


_USE_CONNECTION = Action("codeconnections", "UseConnection")


def _connections(env: ToolsEnvironment) -> list[Sub]:
    """Under the service's name and its former one: which of the two a connection has depends on when it was made."""
    return [statements.arn(f"{service}:connection/{env.pipeline.connection}") for service in ("codeconnections", "codestar-connections")]


def _artifacts(store: Bucket, key_arn: Any, *, writes: bool) -> list[Statement]:
    reads = [s3.GetObject, s3.GetObjectVersion]
    return [
        statements.allow("Artifacts", [*reads, *([s3.PutObject] if writes else [])], [objects(store)]),
        statements.allow("ArtifactKey", [kms.Decrypt, *([kms.GenerateDataKey] if writes else [])], [key_arn]),
    ]


def _pipeline(service: Tools, projects: dict[str, Project], store: Bucket, key_arn: Any, topic_arn: Any) -> codepipeline.Pipeline:
    env = service.env
    itself = name(env, "pipeline", "pipeline")
    trust = statements.trust(
        "codepipeline.amazonaws.com", statements.THIS_ACCOUNT, ArnEquals("aws:SourceArn", statements.arn(f"codepipeline:{itself}"))
    )
    permissions = [
        *_artifacts(store, key_arn, writes=True),
        statements.allow("Find", [s3.GetBucketVersioning], [GetAtt(store, "Arn")]),
        statements.allow("Clone", [codestar_connections.UseConnection, _USE_CONNECTION], _connections(env)),
        statements.allow(
            "Build",
            [builds_actions.BatchGetBuilds, builds_actions.StartBuild],
            [statements.arn(f"codebuild:project/{name(env, thing, 'build')}") for thing in projects],
        ),
        statements.allow("Ask", [sns.Publish], [topic_arn]),
    ]
    role, policy = role_with_policy(env, "PipelineRole", "pipeline", trust, permissions)
    service.add(role, policy)
    way = env.pipeline
    return service.add(
        codepipeline.Pipeline(
            "Pipeline",
            Name=itself,
            PipelineType="V2",
            # A newer commit overtakes one that waits for its approval, never one that is being applied.
            ExecutionMode="SUPERSEDED",
            RestartExecutionOnUpdate=False,
            RoleArn=GetAtt(role, "Arn"),
            ArtifactStore=codepipeline.ArtifactStore(
                Type="S3", Location=Ref(store), EncryptionKey=codepipeline.EncryptionKey(Type="KMS", Id=key_arn)
            ),
            Triggers=[pipelines.pushes(way.branch, way.ignore)],
            Stages=[
                _stage("Source", pipelines.source(_connections(env)[0], way.repository, way.branch, SOURCE)),
                _stage("Check", pipelines.build("Check", Ref(projects["pipeline-check"]), [SOURCE], output=RELEASE)),
                _stage("Publish", pipelines.build("Publish", Ref(projects["pipeline-publish"]), [RELEASE])),
                *(
                    _deployment(before, where, _steps(projects, where), topic_arn if before else None)
                    for before, where in zip(("", *way.environments), way.environments, strict=False)
                ),
            ],
        )
    )


def _steps(projects: dict[str, Project], where: str) -> dict[str, Any]:
    return {"plan": Ref(projects["pipeline-plan"]), **{step: Ref(projects[f"pipeline-{step}-{where}"]) for step in ("apply", "verify")}}


def _deployment(before: str, where: str, projects: dict[str, Any], topic_arn: Any) -> codepipeline.Stages:
    """One environment, with that which releases come from. ``topic_arn``: who is asked first; None for the first environment, which nobody
    has to approve.
    """
    title = "".join(part.capitalize() for part in where.split("-"))
    plan, digest = f"Plan{title}", f"#{{Plan{title}.DIGEST}}"
    hop, told = _plaintext({"ENVIRONMENT": where, "BEFORE": before}), _plaintext({"DIGEST": digest, "PLAN": plan})
    question = f"Apply plan {digest} to {where}? Its review is plan.md of artifact {plan}, and ends the log behind the link."
    asked = [pipelines.approval("Approve", question, f"#{{{plan}.REVIEW}}", topic_arn, 2)] if topic_arn else []
    return _stage(
        title,
        pipelines.build("Plan", projects["plan"], [RELEASE], output=plan, looks=True, variables=hop),
        *asked,
        pipelines.build("Apply", projects["apply"], [RELEASE, plan], order=3, variables=told),
        pipelines.build("Verify", projects["verify"], [RELEASE], order=4, looks=True),
    )


def _plaintext(variables: dict[str, str]) -> str:
    return json.dumps([{"name": key, "type": "PLAINTEXT", "value": value} for key, value in variables.items()])


def _stage(title: str, *actions: codepipeline.Actions) -> codepipeline.Stages:
    return codepipeline.Stages(Name=title, Actions=list(actions))


def _failures(env: ToolsEnvironment, topic_arn: Any) -> events.Rule:
    """A run that failed, with its stage, action and reason: what is being deployed has been rolled back by then, or says that it is stuck."""
    told = {"stage": "$.detail.stage", "action": "$.detail.action", "run": "$.detail.execution-id", "state": "$.detail.state"}
    text = f"{env.project}: <action> of stage <stage> is <state> in run <run>. Nothing after it runs; python -m deploy status says where each environment stands."
    return events.Rule(
        "FailureRule",
        Name=name(env, "pipeline-failures", "rule"),
        Description="Tells who listens that a run of the pipeline failed",
        State="ENABLED",
        EventPattern={
            "source": ["aws.codepipeline"],
            "detail-type": ["CodePipeline Action Execution State Change"],
            "detail": {"pipeline": [name(env, "pipeline", "pipeline")], "state": ["FAILED", "ABANDONED"]},
        },
        Targets=[
            events.Target(
                Id="notices",
                Arn=topic_arn,
                InputTransformer=events.InputTransformer(InputPathsMap=told, InputTemplate=json.dumps(text)),
            )
        ],
    )


def _told(topic_arn: Any, rule_arn: Any) -> Statement:
    return statements.allow_service("Failures", "events.amazonaws.com", [sns.Publish], [topic_arn], ArnEquals("aws:SourceArn", rule_arn))
