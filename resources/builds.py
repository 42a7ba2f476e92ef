"""CodeBuild projects that a pipeline starts: not privileged, cached, logged, each with a role of its own."""

from __future__ import annotations

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


def project(
    env: ToolsEnvironment, title: str, thing: str, buildspec: str, variables: dict[str, str], *, role_arn: Any, key_arn: Any
) -> codebuild.Project:
    """``buildspec``: its text, which stands in the template, so that no commit changes what a build with these permissions runs."""
    return codebuild.Project(
        title,
        Name=name(env, thing, "build"),
        ServiceRole=role_arn,
        EncryptionKey=key_arn,
        Source=codebuild.Source(Type="CODEPIPELINE", BuildSpec=buildspec),
        Artifacts=codebuild.Artifacts(Type="CODEPIPELINE"),
        Environment=codebuild.Environment(
            Type="ARM_CONTAINER" if "aarch64" in env.pipeline.image else "LINUX_CONTAINER",
            ComputeType=env.pipeline.compute,
            Image=env.pipeline.image,
            PrivilegedMode=False,
            EnvironmentVariables=[
                codebuild.EnvironmentVariable(Name=key, Type="PLAINTEXT", Value=value) for key, value in sorted(variables.items())
            ],
        ),
        # On the host alone: a cache in a bucket would let what one build leaves run in another one, with its role.
        Cache=codebuild.ProjectCache(Type="LOCAL", Modes=["LOCAL_CUSTOM_CACHE"]),
        LogsConfig=codebuild.LogsConfig(
            CloudWatchLogs=codebuild.CloudWatchLogs(Status="ENABLED", GroupName=log_group_name(env, FAMILY, thing))
        ),
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
