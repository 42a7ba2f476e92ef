"""A pipeline's stages and actions, as CodePipeline V2 takes them."""

from __future__ import annotations

from typing import Any

from troposphere import codepipeline


def source(connection_arn: Any, repository: str, branch: str, output: str) -> codepipeline.Actions:
    """A full clone, so that a release knows its commit. The trigger starts the pipeline, with its filters."""
    return codepipeline.Actions(
        Name="Source",
        ActionTypeId=_kind("Source", "AWS", "CodeStarSourceConnection"),
        Configuration={
            "ConnectionArn": connection_arn,
            "FullRepositoryId": repository,
            "BranchName": branch,
            "OutputArtifactFormat": "CODEBUILD_CLONE_REF",
            "DetectChanges": "false",
        },
        OutputArtifacts=[codepipeline.OutputArtifacts(Name=output)],
        Namespace="Source",
    )


def build(
    name: str, project: Any, inputs: list[str], *, output: str | None = None, order: int = 1, looks: bool = False, variables: str = ""
) -> codepipeline.Actions:
    """``looks``: it changes nothing, a Test as CodePipeline calls it; ``variables``: JSON of environment variables."""
    configuration = {"ProjectName": project, "PrimarySource": inputs[0]}
    made: dict[str, Any] = {"OutputArtifacts": [codepipeline.OutputArtifacts(Name=output)], "Namespace": output} if output else {}
    return codepipeline.Actions(
        Name=name,
        RunOrder=order,
        ActionTypeId=_kind("Test" if looks else "Build", "AWS", "CodeBuild"),
        Configuration=configuration | ({"EnvironmentVariables": variables} if variables else {}),
        InputArtifacts=[codepipeline.InputArtifacts(Name=each) for each in inputs],
        **made,
    )


def approval(name: str, text: str, link: str, topic_arn: Any, order: int) -> codepipeline.Actions:
    """A person says yes or no within a week; whoever listens to the topic is asked."""
    return codepipeline.Actions(
        Name=name,
        RunOrder=order,
        ActionTypeId=_kind("Approval", "AWS", "Manual"),
        Configuration={"NotificationArn": topic_arn, "CustomData": text, "ExternalEntityLink": link},
    )


def pushes(branch: str, ignored: tuple[str, ...]) -> codepipeline.PipelineTriggerDeclaration:
    """Every push to the branch but those that change only what is ignored."""
    paths: dict[str, Any] = {"FilePaths": codepipeline.GitFilePathFilterCriteria(Excludes=list(ignored))} if ignored else {}
    push = codepipeline.GitPushFilter(Branches=codepipeline.GitBranchFilterCriteria(Includes=[branch]), **paths)
    return codepipeline.PipelineTriggerDeclaration(
        ProviderType="CodeStarSourceConnection",
        GitConfiguration=codepipeline.GitConfiguration(SourceActionName="Source", Push=[push]),
    )


def _kind(category: str, owner: str, provider: str) -> codepipeline.ActionTypeId:
    return codepipeline.ActionTypeId(Category=category, Owner=owner, Provider=provider, Version="1")
