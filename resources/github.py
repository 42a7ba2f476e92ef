"""GitHub's workflows as callers: OpenID Connect instead of keys, each role for one kind of job of one repository.

Sources: https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws, and its page of subjects: a job
of an environment has that environment as its subject and no branch; GitHub's environment names the branches that it takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs.aws import Allow, Condition, PolicyDocument, Principal, Statement, StringEquals
from awacs.sts import AssumeRoleWithWebIdentity
from troposphere import Ref
from troposphere.iam import OIDCProvider

from resources import statements

if TYPE_CHECKING:
    from env.model import ToolsEnvironment
    from resources.carriers import Carrier

HOST = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"


def provider() -> OIDCProvider:
    """IAM itself knows the certificates of this host (Obtain the thumbprint for an OpenID Connect identity provider)."""
    return OIDCProvider("WorkflowProvider", Url=f"https://{HOST}", ClientIdList=[AUDIENCE])


def trust(env: ToolsEnvironment, provider: OIDCProvider, carrier: Carrier) -> PolicyDocument:
    subject = f"repo:{env.pipeline.repository}:{_job(env, carrier.thing)}"
    return statements.document(
        Statement(
            Effect=Allow,
            Principal=Principal("Federated", Ref(provider)),
            Action=[AssumeRoleWithWebIdentity],
            Condition=Condition(StringEquals({f"{HOST}:aud": AUDIENCE, f"{HOST}:sub": subject})),
        )
    )


def _job(env: ToolsEnvironment, thing: str) -> str:
    if thing == "workflow-review":
        return "pull_request"
    if thing == "workflow-plan":
        return f"ref:refs/heads/{env.pipeline.branch}"
    return f"environment:{thing.removeprefix('workflow-apply-')}"
