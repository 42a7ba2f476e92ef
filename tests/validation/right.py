"""Pieces that look wrong and are right: what the rules say of resources that the real templates have not."""

from __future__ import annotations

from tests.validation.defects import STRANGER, TRUST, add, own, put, statement
from tests.validation.subtle import CODE_HOST, ROLE, WEB_IDENTITY

APPROVAL = {"Name": "Approve", "ActionTypeId": {"Category": "Approval", "Owner": "AWS", "Provider": "Manual", "Version": "1"}}
KEY = {"Fn::GetAtt": ["SomeKey", "Arn"]}
# Right as they are: what the rules say of resources that the real templates have not.
RIGHT = own(
    ("URL for identities", "dev", "compute", "Url", add("AWS::Lambda::Url", AuthType="AWS_IAM", TargetFunctionArn="x"), "TAP040"),
    ("new TLS", "dev", "api", "Domain", add("AWS::ApiGateway::DomainName", DomainName="a.example", SecurityPolicy="TLS_1_2"), "TAP048"),
    (
        "pipeline with approval",
        "dev",
        "compute",
        "Pipeline",
        add("AWS::CodePipeline::Pipeline", Stages=[{"Name": "prod", "Actions": [APPROVAL]}, {"Name": "dev", "Actions": []}]),
        "TAP061",
    ),
    (
        "pipeline with a key of its own",
        "dev",
        "compute",
        "Pipeline",
        add("AWS::CodePipeline::Pipeline", ArtifactStore={"EncryptionKey": {"Type": "KMS", "Id": KEY}}),
        "TAP062",
    ),
    (
        "build with a secret by reference",
        "dev",
        "compute",
        "Project",
        add(
            "AWS::CodeBuild::Project",
            EncryptionKey=KEY,
            Environment={
                "PrivilegedMode": False,
                "EnvironmentVariables": [{"Name": "TOKEN", "Type": "SECRETS_MANAGER", "Value": "x"}, {"Name": "STAGE", "Value": "x"}],
            },
        ),
        "TAP063",
    ),
    (
        "careful StackSet",
        "dev",
        "compute",
        "Sets",
        add(
            "AWS::CloudFormation::StackSet",
            ManagedExecution={"Active": True},
            OperationPreferences={"FailureToleranceCount": 0, "MaxConcurrentCount": 1},
        ),
        "TAP064",
    ),
    (
        "one branch of one repository",
        "dev",
        "compute",
        "ApiRole",
        statement(
            TRUST,
            Principal=CODE_HOST,
            Action=WEB_IDENTITY,
            Condition={"StringEquals": {"token.example:aud": "sts", "token.example:sub": "repo:a/b:ref:refs/heads/main"}},
        ),
        "TAP068",
    ),
    (
        "another account with an external id",
        "dev",
        "compute",
        "ApiRole",
        statement(TRUST, Principal=STRANGER, Action=["sts:AssumeRole"], Condition={"StringEquals": {"sts:ExternalId": "x"}}),
        "TAP021",
    ),
    (
        "bucket for the organization",
        "dev",
        "storage",
        "DataBucketPolicy",
        statement(
            "PolicyDocument",
            Principal=STRANGER,
            Action=["s3:GetObject"],
            Resource=["*"],
            Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}},
        ),
        "TAP020",
    ),
    (
        "roles within the boundary",
        "dev",
        "compute",
        ROLE,
        statement(
            "PolicyDocument", Action=["iam:CreateRole"], Resource=["x"], Condition={"StringEquals": {"iam:PermissionsBoundary": "x"}}
        ),
        "TAP025",
    ),
    (
        "a role for one service",
        "dev",
        "compute",
        ROLE,
        statement(
            "PolicyDocument",
            Action=["iam:PassRole"],
            Resource=["x"],
            Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
        ),
        "TAP026",
    ),
    ("everything denied", "dev", "compute", ROLE, statement("PolicyDocument", Effect="Deny", Action=["*"], Resource=["*"]), "TAP027"),
    ("the disaster recovery region", "prod", "compute", "ApiFunction", put("Environment.Variables.WHERE", "us-west-2"), "TAP057"),
    ("the tools account", "dev", "compute", "ApiFunction", put("Environment.Variables.WHO", "444444444444"), "TAP057"),
    ("messages over TLS", "dev", "messaging", "Page", add("AWS::SNS::Subscription", Protocol="https", TopicArn="x"), "TAP009"),
)
