"""Defects that look right at a glance: conditions that bind nothing, names that mean something else."""

from __future__ import annotations

from tests.validation.defects import STATEMENT, STRANGER, TRUST, add, drop, own, put, statement

ROLE = "ApiRolePolicy"
ACCOUNT = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
CODE_HOST = {"Federated": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:oidc-provider/token.example"}}
WEB_IDENTITY = ["sts:AssumeRoleWithWebIdentity"]
TABLES = {"Fn::Sub": "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/*"}
DENIED = f"{STATEMENT}.DenyInsecureTransport"

# A condition is there, and binds nothing.
UNBOUND = own(
    (
        "everybody but one account",
        "dev",
        "network",
        "S3Endpoint",
        put(f"{STATEMENT}.ThisAccount.Condition", {"StringNotEquals": {"aws:PrincipalAccount": "x"}}),
        "TAP019",
    ),
    (
        "whoever says nothing of his account",
        "dev",
        "network",
        "S3Endpoint",
        put(f"{STATEMENT}.ThisAccount.Condition", {"StringEqualsIfExists": {"aws:PrincipalAccount": "x"}}),
        "TAP019",
    ),
    (
        "any source at all",
        "dev",
        "messaging",
        "AlarmTopicPolicy",
        put(f"{STATEMENT}.Alarms.Condition", {"ArnLike": {"aws:SourceArn": "arn:*:*:*:*:*"}}),
        "TAP018",
    ),
    (
        "role for whatever source",
        "dev",
        "network",
        "FlowLogRole",
        put(f"{TRUST}.Statement.0.Condition", {"StringLike": {"aws:SourceAccount": "*"}}),
        "TAP022",
    ),
    (
        "passed to every service",
        "dev",
        "compute",
        ROLE,
        statement("PolicyDocument", Action=["iam:PassRole"], Resource=["x"], Condition={"StringLike": {"iam:PassedToService": ["*"]}}),
        "TAP026",
    ),
    (
        "denied over plain HTTP, but from one network only",
        "dev",
        "messaging",
        "JobsQueuePolicy",
        put(f"{DENIED}.Condition", {"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:SourceVpc": "vpc-1"}}),
        "TAP009",
    ),
    (
        "objects over plain HTTP",
        "dev",
        "storage",
        "DataBucketPolicy",
        put(f"{DENIED}.Resource", [{"Fn::GetAtt": ["DataBucket", "Arn"]}]),
        "TAP009",
    ),
    (
        "code of any repository",
        "dev",
        "compute",
        "ApiRole",
        statement(TRUST, Principal=CODE_HOST, Action=WEB_IDENTITY, Condition={"StringEquals": {"token.example:aud": "sts"}}),
        "TAP068",
    ),
    (
        "code of every repository",
        "dev",
        "compute",
        "ApiRole",
        statement(
            TRUST,
            Principal=CODE_HOST,
            Action=WEB_IDENTITY,
            Condition={"StringEquals": {"token.example:aud": "sts"}, "StringLike": {"token.example:sub": "*"}},
        ),
        "TAP068",
    ),
)
# IAM reads what is written, not what was meant.
IAM = own(
    ("action in capitals", "dev", "compute", ROLE, statement("PolicyDocument", Action=["IAM:PASSROLE"], Resource=["x"]), "TAP026"),
    (
        "role by another's policy",
        "dev",
        "compute",
        ROLE,
        statement("PolicyDocument", Action=["iam:AttachRolePolicy"], Resource=["x"]),
        "TAP025",
    ),
    (
        "takes boundaries away",
        "dev",
        "compute",
        ROLE,
        statement(
            "PolicyDocument",
            Action=["iam:DeleteRolePermissionsBoundary"],
            Resource=["x"],
            Condition={"StringEquals": {"iam:PermissionsBoundary": "x"}},
        ),
        "TAP025",
    ),
    ("every table by type", "dev", "compute", ROLE, statement("PolicyDocument", Action=["dynamodb:GetItem"], Resource=[TABLES]), "TAP028"),
    (
        "every bucket",
        "dev",
        "compute",
        ROLE,
        statement("PolicyDocument", Action=["s3:GetObject"], Resource=[{"Fn::Sub": "arn:${AWS::Partition}:s3:::*"}]),
        "TAP028",
    ),
    ("inline policy beside the role", "dev", "compute", "Beside", add("AWS::IAM::RolePolicy", RoleName="x", PolicyName="y"), "TAP024"),
    ("a person's access key", "dev", "compute", "Person", add("AWS::IAM::AccessKey", UserName="x"), "TAP065"),
    ("a user", "dev", "compute", "Person", add("AWS::IAM::User"), "TAP065"),
    (
        "the whole account decrypts",
        "dev",
        "keys",
        "DataKey",
        statement("KeyPolicy", Principal=ACCOUNT, Action=["kms:Decrypt"], Resource=["*"]),
        "TAP067",
    ),
    ("key without its named users", "dev", "keys", "DataKey", drop("KeyPolicy.Statement.Functions.Condition.ArnLike"), "TAP067"),
    (
        "endpoint policy of a registry for everybody",
        "dev",
        "compute",
        "Images",
        add("AWS::ECR::Repository", RepositoryPolicyText={"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:GetImage"}]}),
        "TAP019",
    ),
    (
        "event bus for a stranger",
        "dev",
        "drift",
        "Strangers",
        add("AWS::Events::EventBusPolicy", Statement={"Effect": "Allow", "Principal": STRANGER, "Action": "events:PutEvents"}),
        "TAP020",
    ),
)
DATA = own(
    (
        "no recovery to a point in time",
        "prod",
        "data",
        "Items",
        put("Replicas.0.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", False),
        "TAP066",
    ),
    ("a week of recovery", "prod", "data", "Items", put("Replicas.1.PointInTimeRecoverySpecification.RecoveryPeriodInDays", 7), "TAP066"),
    ("provisioned table", "dev", "data", "Items", put("BillingMode", "PROVISIONED"), "TAP070"),
    (
        "table with the key of AWS by name",
        "dev",
        "data",
        "Items",
        put("Replicas.0.SSESpecification.KMSMasterKeyId", "alias/aws/dynamodb"),
        "TAP011",
    ),
    (
        "bucket with the key of AWS by name",
        "dev",
        "storage",
        "DataBucket",
        put("BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.KMSMasterKeyID", "alias/aws/s3"),
        "TAP003",
    ),
    ("queue with the key of AWS by name", "prod", "messaging", "JobsQueue", put("KmsMasterKeyId", "alias/aws/sqs"), "TAP016"),
    ("website", "dev", "storage", "DataBucket", put("WebsiteConfiguration", {"IndexDocument": "index.html"}), "TAP002"),
    ("access control list by name", "dev", "storage", "DataBucket", put("AccessControl", "PublicRead"), "TAP005"),
    ("lifecycle of one folder", "dev", "storage", "DataBucket", put("LifecycleConfiguration.Rules.0.Prefix", "items/"), "TAP006"),
    (
        "incomplete uploads for a year",
        "dev",
        "storage",
        "DataBucket",
        put("LifecycleConfiguration.Rules.0.AbortIncompleteMultipartUpload.DaysAfterInitiation", 365),
        "TAP006",
    ),
    (
        "logs that log themselves",
        "dev",
        "storage",
        "LogBucket",
        put("LoggingConfiguration", {"DestinationBucketName": {"Ref": "LogBucket"}}),
        "TAP008",
    ),
    (
        "queue that nobody reads, without dead letters",
        "dev",
        "messaging",
        "Other",
        add("AWS::SQS::Queue", QueueName="tap-other-dev"),
        "TAP012",
    ),
    ("messages to a web page", "dev", "messaging", "Page", add("AWS::SNS::Subscription", Protocol="http", TopicArn="x"), "TAP009"),
)
COMPUTE = own(
    ("old runtime", "dev", "compute", "ApiFunction", put("Runtime", "python3.9"), "TAP069"),
    ("another processor", "dev", "compute", "ApiFunction", put("Architectures", ["x86_64"]), "TAP069"),
    ("one subnet three times", "dev", "compute", "ApiFunction", put("VpcConfig.SubnetIds", [{"Ref": "PrivateSubnetAId"}] * 3), "TAP037"),
    ("environment with the key of AWS", "dev", "compute", "ApiFunction", put("KmsKeyArn", "alias/aws/lambda"), "TAP036"),
    ("called for whatever resource", "dev", "api", "ApiMayCall", put("SourceArn", "*"), "TAP039"),
    ("called by a stranger", "dev", "api", "ApiMayCall", put("Principal", "999999999999"), "TAP039"),
    ("URL for everybody", "dev", "api", "ApiMayCall", put("FunctionUrlAuthType", "NONE"), "TAP039"),
    (
        "secret resolved into the environment",
        "dev",
        "compute",
        "ApiFunction",
        put("Environment.Variables.WHERE", "{{resolve:secretsmanager:db:SecretString:x}}"),
        "TAP041",
    ),
    ("access key in a text", "dev", "compute", "ApiFunction", put("Description", "AKIA" + "Z" * 16), "TAP041"),
    ("health of somebody's data", "dev", "api", "HealthPath", put("ParentId", {"Ref": "ItemsPath"}), "TAP043"),
    ("methods that no rule sees", "dev", "api", "RestApi", put("Body", {"paths": {}}), "TAP043"),
    ("open route of an HTTP API", "dev", "api", "Route", add("AWS::ApiGatewayV2::Route", ApiId="x", RouteKey="GET /"), "TAP043"),
    (
        "one method without a limit",
        "dev",
        "api",
        "LiveStage",
        put(
            "MethodSettings",
            [
                {"HttpMethod": "*", "ResourcePath": "/*", "ThrottlingRateLimit": 100, "ThrottlingBurstLimit": 200},
                {"HttpMethod": "GET", "ResourcePath": "/~1items", "ThrottlingRateLimit": 9000},
            ],
        ),
        "TAP046",
    ),
    ("logs end before the environment says", "prod", "compute", "ApiLogGroup", put("RetentionInDays", 30), "TAP049"),
    ("logs with the key of AWS", "dev", "compute", "ApiLogGroup", put("KmsKeyId", "alias/aws/logs"), "TAP049"),
)
PLACES = own(
    ("another account", "dev", "compute", "ApiFunction", put("Environment.Variables.WHO", "999999999999"), "TAP057"),
    ("another environment's account", "dev", "compute", "ApiFunction", put("Environment.Variables.WHO", "222222222222"), "TAP057"),
    ("another region", "dev", "compute", "ApiFunction", put("Environment.Variables.WHERE", "eu-central-1"), "TAP057"),
    ("a zone by its letter", "dev", "network", "PublicSubnetA", put("AvailabilityZone", "us-east-1a"), "TAP057"),
    ("partition in the root", "dev", "root", "Data", put("NotificationARNs", ["arn:aws:sns:x"]), "TAP056"),
    ("another environment's tag", "dev", "messaging", "JobsQueue", put("Tags", [{"Key": "Environment", "Value": "prod"}]), "TAP059"),
    ("stack without tags", "dev", "root", "Data", drop("Tags"), "TAP059"),
    ("the internet comes in by IPv6", "dev", "network", "EndpointSecurityGroup", put("SecurityGroupIngress.0.CidrIpv6", "::/0"), "TAP054"),
    ("every port", "dev", "network", "FunctionSecurityGroup", put("SecurityGroupEgress.0.FromPort", 0), "TAP054"),
    (
        "the internet comes in beside the group",
        "dev",
        "network",
        "Beside",
        add("AWS::EC2::SecurityGroupIngress", GroupId="x", IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0", Description="x"),
        "TAP054",
    ),
)
# Everything is in place and switched off, or in place for half of it.
HALF = own(
    ("reading alone denied over plain HTTP", "dev", "storage", "DataBucketPolicy", put(f"{DENIED}.Action", ["s3:GetObject"]), "TAP009"),
    ("publishing alone denied over plain HTTP", "dev", "messaging", "AlarmTopicPolicy", put(f"{DENIED}.Action", ["sns:Publish"]), "TAP009"),
    ("bodies not validated", "dev", "api", "Validator", put("ValidateRequestBody", False), "TAP044"),
    ("web ACL that counts", "prod", "api", "WebAcl", put("Rules.0.OverrideAction", {"Count": {}}), "TAP047"),
    ("web ACL without rules", "prod", "api", "WebAcl", put("Rules", []), "TAP047"),
    ("more than the environment reserves", "dev", "compute", "ApiFunction", put("ReservedConcurrentExecutions", 900), "TAP034"),
    ("private routes to the internet", "prod", "network", "PublicRoute", put("RouteTableId", {"Ref": "PrivateRoutesA"}), "TAP037"),
    ("drift detection switched off", "dev", "drift", "Schedule", put("State", "DISABLED"), "TAP071"),
)
SUBTLE = [*UNBOUND, *IAM, *DATA, *COMPUTE, *PLACES, *HALF]
