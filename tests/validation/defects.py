"""Defects to be seeded into the real templates: wrong ones and insecure ones, each with the rule that must catch it.

Every one of the project's own rules has at least one here; what it is good for is that the real templates pass.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from templates import root
from templates.build import Built, encode
from templates.flat import flatten

Resource = dict[str, Any]


@dataclass(frozen=True)
class Defect:
    """``change`` takes the properties of ``logical_id`` in the template of ``service``; ``rule`` is who must find it."""

    name: str
    environment: str
    service: str
    logical_id: str
    change: Callable[[Resource], object]
    rule: str


def seed(built: Built, defect: Defect) -> Built:
    """The build with the defect in it, in the nested template and in the flat copy."""
    templates = copy.deepcopy(built.templates)
    resources = templates[defect.service]["Resources"]
    if defect.logical_id in resources:
        defect.change(resources[defect.logical_id])
    else:
        resources[defect.logical_id] = {}
        defect.change(resources[defect.logical_id])
    encoded = {**built.encoded, defect.service: encode(templates[defect.service])}
    if defect.service == "root":
        # A root that feeds its children wrongly cannot be merged; cfn-lint reads the nested one.
        return replace(built, templates=templates, encoded=encoded)
    children = {root.title(service): templates[service] for service in built.services}
    flat, names = flatten(templates["root"], children)
    titles = {root.title(service): service for service in built.services}
    known = {flat_id: (titles[title], logical_id) for flat_id, (title, logical_id) in names.items()}
    return replace(built, templates=templates, encoded=encoded, flat=flat, names=known)


def put(path: str, value: Any) -> Callable[[Resource], None]:
    """Set a property by its dotted path; numbers are positions in lists."""

    def change(resource: Resource) -> None:
        *parents, last = path.split(".")
        place: Any = resource["Properties"]
        for part in parents:
            place = place[int(part) if part.isdigit() else part]
        place[int(last) if last.isdigit() else last] = value

    return change


def drop(path: str) -> Callable[[Resource], None]:
    def change(resource: Resource) -> None:
        *parents, last = path.split(".")
        place: Any = resource["Properties"]
        for part in parents:
            place = place[int(part) if part.isdigit() else part]
        del place[int(last) if last.isdigit() else last]

    return change


def attribute(name: str, value: Any = None) -> Callable[[Resource], object]:
    return lambda resource: resource.pop(name) if value is None else resource.__setitem__(name, value)


def add(resource_type: str, **properties: Any) -> Callable[[Resource], None]:
    return lambda resource: resource.update({"Type": resource_type, "Properties": properties})


def statement(document: str, **parts: Any) -> Callable[[Resource], None]:
    """One more statement in a policy document."""
    return lambda resource: resource["Properties"][document]["Statement"].append({"Effect": "Allow", **parts})


STATEMENT = "PolicyDocument.Statement"
SERVICE = {"Service": "events.amazonaws.com"}
STRANGER = {"AWS": "arn:aws:iam::999999999999:root"}
TRUST = "AssumeRolePolicyDocument"


def own(*rows: tuple[str, str, str, str, Callable[[Resource], object], str]) -> list[Defect]:
    return [Defect(*row) for row in rows]


STORAGE = own(
    ("bucket goes with its stack", "dev", "storage", "DataBucket", attribute("DeletionPolicy"), "TAP001"),
    ("bucket goes with its replacement", "dev", "storage", "LogBucket", attribute("UpdateReplacePolicy", "Delete"), "TAP001"),
    ("table goes with its stack", "prod", "data", "Items", attribute("DeletionPolicy", "Delete"), "TAP001"),
    ("public policy allowed", "dev", "storage", "DataBucket", put("PublicAccessBlockConfiguration.BlockPublicPolicy", False), "TAP002"),
    ("no public access block", "dev", "storage", "DataBucket", drop("PublicAccessBlockConfiguration"), "TAP002"),
    ("bucket without encryption", "dev", "storage", "DataBucket", drop("BucketEncryption"), "TAP003"),
    (
        "log bucket that S3 cannot write",
        "dev",
        "storage",
        "LogBucket",
        put("BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.SSEAlgorithm", "aws:kms"),
        "TAP003",
    ),
    (
        "bucket without a key of its own",
        "dev",
        "storage",
        "DataBucket",
        drop("BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.KMSMasterKeyID"),
        "TAP003",
    ),
    ("versions suspended", "dev", "storage", "DataBucket", put("VersioningConfiguration.Status", "Suspended"), "TAP004"),
    ("access control lists", "dev", "storage", "DataBucket", put("OwnershipControls.Rules.0.ObjectOwnership", "ObjectWriter"), "TAP005"),
    ("uploads never end", "dev", "storage", "DataBucket", drop("LifecycleConfiguration.Rules.0.AbortIncompleteMultipartUpload"), "TAP006"),
    ("lifecycle switched off", "dev", "storage", "DataBucket", put("LifecycleConfiguration.Rules.0.Status", "Disabled"), "TAP006"),
    ("expiry before transition", "staging", "storage", "DataBucket", put("LifecycleConfiguration.Rules.0.ExpirationInDays", 30), "TAP007"),
    ("no access log", "dev", "storage", "DataBucket", drop("LoggingConfiguration"), "TAP008"),
    ("bucket over plain HTTP", "dev", "storage", "DataBucketPolicy", put(f"{STATEMENT}.0.Condition", {}), "TAP009"),
    (
        "TLS asked for by a boolean",
        "dev",
        "storage",
        "DataBucketPolicy",
        put(f"{STATEMENT}.0.Condition.Bool", {"aws:SecureTransport": "true"}),
        "TAP009",
    ),
    ("log delivery for any account", "dev", "storage", "LogBucketPolicy", drop(f"{STATEMENT}.1.Condition"), "TAP018"),
    (
        "bucket for everybody",
        "dev",
        "storage",
        "DataBucketPolicy",
        statement("PolicyDocument", Principal="*", Action=["s3:GetObject"], Resource=["*"]),
        "TAP019",
    ),
    (
        "bucket for a stranger",
        "dev",
        "storage",
        "DataBucketPolicy",
        statement("PolicyDocument", Principal=STRANGER, Action=["s3:GetObject"], Resource=["*"]),
        "TAP020",
    ),
)
DATA = own(
    ("table that people can delete", "prod", "data", "Items", put("Replicas.0.DeletionProtectionEnabled", False), "TAP010"),
    ("second replica unprotected", "prod", "data", "Items", put("Replicas.1.DeletionProtectionEnabled", False), "TAP010"),
    ("table with the key of AWS", "dev", "data", "Items", drop("Replicas.0.SSESpecification"), "TAP011"),
    ("queue without dead letters", "dev", "messaging", "JobsQueue", drop("RedrivePolicy"), "TAP012"),
    (
        "dead letters of any queue",
        "dev",
        "messaging",
        "JobsDeadLetterQueue",
        put("RedriveAllowPolicy.redrivePermission", "allowAll"),
        "TAP012",
    ),
    ("dead letters kept for a day", "dev", "messaging", "JobsDeadLetterQueue", put("MessageRetentionPeriod", 86_400), "TAP012"),
    ("visible again too early", "dev", "messaging", "JobsQueue", put("VisibilityTimeout", 60), "TAP013"),
    ("slow worker over the boundary", "dev", "compute", "WorkerFunction", put("Timeout", 31), "TAP013"),
    ("batch fails as a whole", "dev", "compute", "WorkerJobs", drop("FunctionResponseTypes"), "TAP014"),
    ("more workers than reserved", "dev", "compute", "WorkerJobs", put("ScalingConfig.MaximumConcurrency", 11), "TAP015"),
    ("queue in the clear", "dev", "messaging", "JobsQueue", put("SqsManagedSseEnabled", False), "TAP016"),
    ("queue without the customer's key", "prod", "messaging", "JobsQueue", drop("KmsMasterKeyId"), "TAP016"),
    ("topic in the clear", "dev", "messaging", "AlarmTopic", drop("KmsMasterKeyId"), "TAP017"),
    ("topic with the key of AWS", "dev", "messaging", "AlarmTopic", put("KmsMasterKeyId", "alias/aws/sns"), "TAP017"),
    ("topic over plain HTTP", "dev", "messaging", "AlarmTopicPolicy", drop(f"{STATEMENT}.0"), "TAP009"),
    ("topic for any account's alarms", "dev", "messaging", "AlarmTopicPolicy", drop(f"{STATEMENT}.1.Condition"), "TAP018"),
    (
        "queue for everybody",
        "dev",
        "messaging",
        "JobsQueuePolicy",
        statement("PolicyDocument", Principal="*", Action=["sqs:SendMessage"], Resource=["*"]),
        "TAP019",
    ),
)
IDENTITY = own(
    ("role for a stranger", "dev", "compute", "ApiRole", statement(TRUST, Principal=STRANGER, Action=["sts:AssumeRole"]), "TAP021"),
    ("role for a service of anybody", "dev", "network", "FlowLogRole", drop(f"{TRUST}.Statement.0.Condition"), "TAP022"),
    ("role without boundary", "dev", "compute", "ApiRole", drop("PermissionsBoundary"), "TAP023"),
    ("inline policy", "dev", "compute", "ApiRole", put("Policies", [{"PolicyName": "x", "PolicyDocument": {"Statement": []}}]), "TAP024"),
    ("administrator", "dev", "compute", "ApiRole", put("ManagedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"]), "TAP024"),
    (
        "makes roles without boundary",
        "dev",
        "compute",
        "ApiRolePolicy",
        statement("PolicyDocument", Action=["iam:CreateRole"], Resource=["x"]),
        "TAP025",
    ),
    (
        "passes roles to anything",
        "dev",
        "compute",
        "ApiRolePolicy",
        statement("PolicyDocument", Action=["iam:PassRole"], Resource=["x"]),
        "TAP026",
    ),
    (
        "every action of a service",
        "dev",
        "compute",
        "ApiRolePolicy",
        statement("PolicyDocument", Action=["s3:*"], Resource=["x"]),
        "TAP027",
    ),
    (
        "every action that begins so",
        "dev",
        "compute",
        "ApiRolePolicy",
        statement("PolicyDocument", Action=["dynamodb:Get*"], Resource=["x"]),
        "TAP027",
    ),
    ("everything", "dev", "compute", "ApiRolePolicy", statement("PolicyDocument", Action=["*"], Resource=["*"]), "TAP027"),
    ("every table", "dev", "compute", "ApiRolePolicy", statement("PolicyDocument", Action=["dynamodb:GetItem"], Resource=["*"]), "TAP028"),
    (
        "every region",
        "dev",
        "compute",
        "ApiRolePolicy",
        statement("PolicyDocument", Action=["xray:PutTraceSegments"], Resource=["*"]),
        "TAP028",
    ),
    (
        "all but one action",
        "dev",
        "compute",
        "ApiRolePolicy",
        statement("PolicyDocument", NotAction=["iam:CreateUser"], Resource=["x"]),
        "TAP029",
    ),
    ("key that never rotates", "dev", "keys", "DataKey", put("EnableKeyRotation", False), "TAP030"),
    ("key that is gone in a week", "dev", "keys", "DataKey", put("PendingWindowInDays", 7), "TAP030"),
    ("key that locks its account out", "dev", "keys", "DataKey", drop("KeyPolicy.Statement.0"), "TAP031"),
    ("key for any account's alarms", "dev", "keys", "MessagingKey", drop("KeyPolicy.Statement.3.Condition"), "TAP018"),
    ("shared role", "dev", "compute", "WorkerFunction", put("Role", {"Fn::GetAtt": ["ApiRole", "Arn"]}), "TAP032"),
)
COMPUTE = own(
    ("failures lost", "dev", "compute", "ApiFunction", drop("DeadLetterConfig"), "TAP033"),
    ("no reserve", "dev", "compute", "ApiFunction", drop("ReservedConcurrentExecutions"), "TAP034"),
    ("no traces", "dev", "compute", "ApiFunction", put("TracingConfig.Mode", "PassThrough"), "TAP035"),
    ("environment in the clear", "dev", "compute", "ApiFunction", drop("KmsKeyArn"), "TAP036"),
    ("outside the VPC", "dev", "compute", "ApiFunction", drop("VpcConfig"), "TAP037"),
    ("logs as text", "dev", "compute", "ApiFunction", put("LoggingConfig.LogFormat", "Text"), "TAP038"),
    ("logs elsewhere", "dev", "compute", "ApiFunction", put("LoggingConfig.LogGroup", "/aws/lambda/other"), "TAP038"),
    ("called for anybody", "dev", "api", "ApiMayCall", drop("SourceAccount"), "TAP039"),
    ("called by everything", "dev", "api", "ApiMayCall", drop("SourceArn"), "TAP039"),
    ("public URL", "dev", "compute", "Url", add("AWS::Lambda::Url", AuthType="NONE", TargetFunctionArn="x"), "TAP040"),
    ("password in the environment", "dev", "compute", "ApiFunction", put("Environment.Variables.DB_PASSWORD", "hunter22"), "TAP041"),
    (
        "plain secret in Parameter Store",
        "dev",
        "parameters",
        "ApiKey",
        add("AWS::SSM::Parameter", Name="/tap/dev/api-key", Type="String", Value="x"),
        "TAP041",
    ),
    ("edge endpoint", "dev", "api", "RestApi", put("EndpointConfiguration.Types", ["EDGE"]), "TAP042"),
    ("open method", "dev", "api", "PostItem", put("AuthorizationType", "NONE"), "TAP043"),
    ("method that checks nothing", "dev", "api", "GetItem", drop("RequestValidatorId"), "TAP044"),
    ("body without a model", "dev", "api", "PostItem", drop("RequestModels"), "TAP044"),
    ("stage without access log", "dev", "api", "LiveStage", drop("AccessLogSetting"), "TAP045"),
    ("bodies logged", "dev", "api", "LiveStage", put("MethodSettings.0.DataTraceEnabled", True), "TAP045"),
    ("stage without traces", "dev", "api", "LiveStage", put("TracingEnabled", False), "TAP045"),
    ("no throttling", "dev", "api", "LiveStage", drop("MethodSettings.0.ThrottlingRateLimit"), "TAP046"),
    ("another environment's throttling", "dev", "api", "LiveStage", put("MethodSettings.0.ThrottlingRateLimit", 2000), "TAP046"),
    ("web ACL not attached", "prod", "api", "WebAclAssociation", put("ResourceArn", "x"), "TAP047"),
    ("web ACL without log", "prod", "api", "WebAclLogging", put("ResourceArn", "x"), "TAP047"),
    ("old TLS", "dev", "api", "Domain", add("AWS::ApiGateway::DomainName", DomainName="a.example", SecurityPolicy="TLS_1_0"), "TAP048"),
    ("logs for ever", "dev", "compute", "ApiLogGroup", drop("RetentionInDays"), "TAP049"),
    ("logs in the clear", "dev", "compute", "ApiLogGroup", drop("KmsKeyId"), "TAP049"),
)
WATCH = own(
    ("silent alarm", "dev", "monitoring", "ApiErrorsAlarm", drop("AlarmActions"), "TAP050"),
    ("alarm that never goes", "dev", "monitoring", "ReleaseAlarm", drop("OKActions"), "TAP050"),
    ("missing data undecided", "dev", "monitoring", "ApiErrorsAlarm", drop("TreatMissingData"), "TAP051"),
    ("endpoint without policy", "dev", "network", "S3Endpoint", drop("PolicyDocument"), "TAP052"),
    ("endpoint for every account", "dev", "network", "S3Endpoint", drop(f"{STATEMENT}.0.Condition"), "TAP019"),
    ("route before its gateway", "dev", "network", "PublicRoute", attribute("DependsOn"), "TAP053"),
    ("egress to everywhere", "dev", "network", "FunctionSecurityGroup", drop("SecurityGroupEgress"), "TAP054"),
    ("rule without a reason", "dev", "network", "FunctionSecurityGroup", drop("SecurityGroupEgress.0.Description"), "TAP054"),
    ("the internet comes in", "dev", "network", "EndpointSecurityGroup", put("SecurityGroupIngress.0.CidrIp", "0.0.0.0/0"), "TAP054"),
    ("network without flow log", "dev", "network", "FlowLog", put("TrafficType", "REJECT"), "TAP055"),
    ("public addresses", "dev", "network", "PublicSubnetA", put("MapPublicIpOnLaunch", True), "TAP055"),
    ("written-out partition", "dev", "compute", "ApiFunction", put("KmsKeyArn", "arn:aws:kms:x"), "TAP056"),
    ("written-out account", "dev", "compute", "ApiFunction", put("Environment.Variables.WHO", "111111111111"), "TAP057"),
    ("written-out region", "dev", "compute", "ApiFunction", put("Environment.Variables.WHERE", "us-east-1"), "TAP057"),
    ("name outside the pattern", "dev", "messaging", "JobsQueue", put("QueueName", "jobs"), "TAP058"),
    ("another environment's name", "dev", "messaging", "JobsQueue", put("QueueName", "tap-jobs-prod"), "TAP058"),
    ("name over the limit", "dev", "messaging", "JobsQueue", put("QueueName", f"tap-{'x' * 80}-dev"), "TAP058"),
    ("tag missing", "dev", "messaging", "JobsQueue", drop("Tags.0"), "TAP059"),
    ("tags missing in a replica", "prod", "data", "Items", drop("Replicas.1.Tags"), "TAP059"),
    (
        "parameter outside the path",
        "dev",
        "parameters",
        "Stray",
        add("AWS::SSM::Parameter", Name="/other/x", Type="String", Value="x"),
        "TAP060",
    ),
)
LATER = own(
    (
        "no approval before prod",
        "dev",
        "compute",
        "Pipeline",
        add("AWS::CodePipeline::Pipeline", Stages=[{"Name": "prod", "Actions": []}], ArtifactStore={"EncryptionKey": {"Type": "KMS"}}),
        "TAP061",
    ),
    ("artifacts in the clear", "dev", "compute", "Pipeline", add("AWS::CodePipeline::Pipeline", Stages=[], ArtifactStore={}), "TAP062"),
    (
        "privileged build",
        "dev",
        "compute",
        "Project",
        add("AWS::CodeBuild::Project", EncryptionKey="x", Environment={"PrivilegedMode": True}),
        "TAP063",
    ),
    (
        "plain token in a build",
        "dev",
        "compute",
        "Project",
        add("AWS::CodeBuild::Project", EncryptionKey="x", Environment={"EnvironmentVariables": [{"Name": "TOKEN"}]}),
        "TAP063",
    ),
    (
        "StackSet without preferences",
        "dev",
        "compute",
        "Sets",
        add("AWS::CloudFormation::StackSet", ManagedExecution={"Active": True}),
        "TAP064",
    ),
    (
        "StackSet without managed execution",
        "dev",
        "compute",
        "Sets",
        add("AWS::CloudFormation::StackSet", OperationPreferences={"FailureToleranceCount": 0, "MaxConcurrentCount": 1}),
        "TAP064",
    ),
)
OWN = [*STORAGE, *DATA, *IDENTITY, *COMPUTE, *WATCH, *LATER]

# What the public checkers must catch: the templates that they judge are small, since each costs a tenth of a second.
PUBLIC = own(
    ("misspelt property", "dev", "data", "Items", put("BilingMode", "x"), "E3002"),
    ("missing required property", "dev", "data", "Items", drop("Replicas"), "E3003"),
    ("value that is none of the allowed", "dev", "data", "Items", put("BillingMode", "FREE"), "E3030"),
    ("text for a list", "dev", "data", "Items", put("Replicas", "one"), "E3012"),
    ("unknown resource type", "dev", "data", "Extra", add("AWS::DynamoDB::Tabel"), "E3006"),
    ("reference to nothing", "dev", "data", "Items", put("TableName", {"Ref": "Nobody"}), "E1020"),
    ("attribute that is none", "dev", "storage", "DataBucketPolicy", put("Bucket", {"Fn::GetAtt": ["DataBucket", "Name"]}), "E1010"),
    ("waits for itself", "dev", "data", "Items", attribute("DependsOn", "Items"), "E3004"),
    ("substitution of nothing", "dev", "data", "Items", put("TableName", {"Fn::Sub": "${Nobody}"}), "E1019"),
    ("deletion policy that is none", "dev", "data", "Items", attribute("DeletionPolicy", "Keep"), "E3035"),
)
# Over the stack boundary: found only because the root is judged with its children beside it.
WIRING = own(
    ("parameter that the child does not have", "dev", "root", "Data", put("Parameters.Colour", "red"), "E3043"),
    ("parameter that is not given", "dev", "root", "Data", drop("Parameters.DataKeyArn"), "E3043"),
)
