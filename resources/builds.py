"""CodeBuild projects that a pipeline starts: not privileged, cached, logged, each with a role of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from awacs import logs
from awacs.aws import ArnEquals, Statement
from troposphere import codebuild

from resources import statements
from resources.naming import log_group_name, name

if TYPE_CHECKING:
    from awacs.aws import PolicyDocument

    from env.model import ToolsEnvironment

FAMILY = "codebuild"


@dataclass(frozen=True, kw_only=True)
class Work:
    """What one build runs. ``buildspec`` is its text, which stands in the template: no commit changes what a build with these permissions runs."""

    thing: str
    buildspec: str
    variables: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Around:
    """What a build works with; ``log_group``: its name."""

    role_arn: Any
    key_arn: Any
    log_group: Any


def project(env: ToolsEnvironment, title: str, work: Work, around: Around) -> codebuild.Project:
    return codebuild.Project(
        title,
        Name=name(env, work.thing, "build"),
        ServiceRole=around.role_arn,
        EncryptionKey=around.key_arn,
        Source=codebuild.Source(Type="CODEPIPELINE", BuildSpec=work.buildspec),
        Artifacts=codebuild.Artifacts(Type="CODEPIPELINE"),
        Environment=codebuild.Environment(
            Type="ARM_CONTAINER" if "aarch64" in env.pipeline.image else "LINUX_CONTAINER",
            ComputeType=env.pipeline.compute,
            Image=env.pipeline.image,
            PrivilegedMode=False,
            EnvironmentVariables=[
                codebuild.EnvironmentVariable(Name=key, Type="PLAINTEXT", Value=value) for key, value in sorted(work.variables.items())
            ],
        ),
        # On the host alone: a cache in a bucket would let what one build leaves run in another one, with its role.
        Cache=codebuild.ProjectCache(Type="LOCAL", Modes=["LOCAL_CUSTOM_CACHE"]),
        LogsConfig=codebuild.LogsConfig(CloudWatchLogs=codebuild.CloudWatchLogs(Status="ENABLED", GroupName=around.log_group)),
        TimeoutInMinutes=env.pipeline.timeout_minutes,
        QueuedTimeoutInMinutes=env.pipeline.timeout_minutes,
    )


def trust(env: ToolsEnvironment, thing: str) -> PolicyDocument:
    """CodeBuild, for this one project."""
    source = statements.arn(f"codebuild:project/{name(env, thing, 'build')}")
    return statements.trust("codebuild.amazonaws.com", statements.THIS_ACCOUNT, ArnEquals("aws:SourceArn", source))


def logging(env: ToolsEnvironment, thing: str) -> Statement:
    group = statements.arn(f"logs:log-group:{log_group_name(env, FAMILY, thing)}:*")
    return statements.allow("Log", [logs.CreateLogStream, logs.PutLogEvents], [group])
