"""Properties that MiniStack drops: what a template says reaches the service."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.local.conftest import Aws
from tests.local.templates import Template, get_att, one, queue, template

pytestmark = pytest.mark.overlay

NETWORK = {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
    "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"}},
}


def test_a_buckets_properties_reach_s3(aws: Aws) -> None:
    name, key = f"b-{aws.account}", "arn:aws:kms:us-east-1:1:key/k"
    encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    aws.create(
        "app",
        one(
            "AWS::S3::Bucket",
            BucketName=name,
            VersioningConfiguration={"Status": "Enabled"},
            BucketEncryption={
                "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": encryption, "BucketKeyEnabled": True}]
            },
            LifecycleConfiguration={
                "Rules": [
                    {
                        "Id": "tiers",
                        "Status": "Enabled",
                        "ExpirationInDays": 90,
                        "Transitions": [{"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 30}],
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                    }
                ]
            },
            LoggingConfiguration={"DestinationBucketName": "logs", "LogFilePrefix": "data/"},
            OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            Tags=[{"Key": "Environment", "Value": "dev"}],
        ),
    )
    s3 = aws.client("s3")
    (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert (rule["ApplyServerSideEncryptionByDefault"], rule["BucketKeyEnabled"]) == (encryption, True)
    (lifecycle,) = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert (lifecycle["Expiration"]["Days"], lifecycle["Transitions"]) == (90, [{"Days": 30, "StorageClass": "INTELLIGENT_TIERING"}])
    assert lifecycle["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert s3.get_bucket_logging(Bucket=name)["LoggingEnabled"] == {"TargetBucket": "logs", "TargetPrefix": "data/"}
    assert s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert {"Key": "Environment", "Value": "dev"} in s3.get_bucket_tagging(Bucket=name)["TagSet"]


def test_a_lifecycle_that_a_template_drops_is_dropped(aws: Aws) -> None:
    name = f"b-{aws.account}"
    rules = {"Rules": [{"Status": "Enabled", "ExpirationInDays": 1}]}
    aws.create("app", one("AWS::S3::Bucket", BucketName=name, LifecycleConfiguration=rules))
    aws.update("app", one("AWS::S3::Bucket", BucketName=name))
    s3 = aws.client("s3")
    with pytest.raises(s3.exceptions.ClientError, match="lifecycle configuration does not exist"):
        s3.get_bucket_lifecycle_configuration(Bucket=name)


def test_a_replicated_bucket_copies(aws: Aws) -> None:
    source, target = f"src-{aws.account}", f"dst-{aws.account}"
    versioned = {"VersioningConfiguration": {"Status": "Enabled"}}
    rule = {
        "Id": "all",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{target}"},
    }
    replicated = {"Role": f"arn:aws:iam::{aws.account}:role/replication", "Rules": [rule]}
    aws.create("target", one("AWS::S3::Bucket", BucketName=target, **versioned))
    aws.create("app", one("AWS::S3::Bucket", BucketName=source, **versioned, ReplicationConfiguration=replicated))
    s3 = aws.client("s3")
    s3.put_object(Bucket=source, Key="k", Body=b"copied")
    assert s3.get_object(Bucket=target, Key="k")["Body"].read() == b"copied"


KEY_SCHEMA = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def test_a_global_tables_settings_reach_dynamodb(aws: Aws) -> None:
    key = "arn:aws:kms:us-east-1:1:key/k"
    replica = {
        "Region": "us-east-1",
        "DeletionProtectionEnabled": True,
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": {"KMSMasterKeyId": key},
        "Tags": [{"Key": "Environment", "Value": "prod"}],
    }
    aws.create(
        "app",
        one(
            "AWS::DynamoDB::GlobalTable",
            TableName="items",
            **KEY_SCHEMA,
            SSESpecification={"SSEEnabled": True, "SSEType": "KMS"},
            StreamSpecification={"StreamViewType": "NEW_AND_OLD_IMAGES"},
            TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True},
            Replicas=[replica],
        ),
    )
    dynamodb = aws.client("dynamodb")
    table = dynamodb.describe_table(TableName="items")["Table"]
    recovery = dynamodb.describe_continuous_backups(TableName="items")["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    ttl = dynamodb.describe_time_to_live(TableName="items")["TimeToLiveDescription"]
    assert table["DeletionProtectionEnabled"]
    assert (table["SSEDescription"]["SSEType"], table["SSEDescription"]["KMSMasterKeyArn"]) == ("KMS", key)
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    assert ttl == {"AttributeName": "expires_at", "TimeToLiveStatus": "ENABLED"}
    assert {"Key": "Environment", "Value": "prod"} in dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]


def test_a_global_table_keeps_its_items_when_its_settings_change(aws: Aws) -> None:
    def table(*, recovery: bool) -> Template:
        replica = {"Region": "us-east-1", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": recovery}}
        return one("AWS::DynamoDB::GlobalTable", TableName="items", **KEY_SCHEMA, Replicas=[replica])

    aws.create("app", table(recovery=False))
    dynamodb = aws.client("dynamodb")
    dynamodb.put_item(TableName="items", Item={"pk": {"S": "kept"}})
    assert aws.update("app", table(recovery=True)) == "UPDATE_COMPLETE"
    recovery = dynamodb.describe_continuous_backups(TableName="items")["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    assert dynamodb.get_item(TableName="items", Key={"pk": {"S": "kept"}})["Item"]


def test_a_functions_properties_reach_lambda(aws: Aws) -> None:
    properties: dict[str, Any] = {
        "FunctionName": "f",
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": "arn:aws:iam::1:role/r",
        "Code": {"ZipFile": "def handler(event, context): return {}"},
        "ReservedConcurrentExecutions": 10,
        "TracingConfig": {"Mode": "Active"},
        "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:1:failures"},
        "KmsKeyArn": "arn:aws:kms:us-east-1:1:key/k",
        "VpcConfig": {"SubnetIds": [{"Ref": "Subnet"}], "SecurityGroupIds": ["sg-1"]},
    }
    aws.create("app", template({**NETWORK, "Function": {"Type": "AWS::Lambda::Function", "Properties": properties}}))
    client = aws.client("lambda")
    config = client.get_function_configuration(FunctionName="f")
    assert client.get_function_concurrency(FunctionName="f")["ReservedConcurrentExecutions"] == 10
    assert config["TracingConfig"] == {"Mode": "Active"}
    assert config["DeadLetterConfig"] == properties["DeadLetterConfig"]
    assert config["KMSKeyArn"] == properties["KmsKeyArn"]
    assert config["VpcConfig"]["SecurityGroupIds"] == ["sg-1"]


def test_a_function_whose_code_is_not_there_is_not_made(aws: Aws) -> None:
    code = {"S3Bucket": "nowhere", "S3Key": "missing.zip"}
    made = one("AWS::Lambda::Function", Runtime="python3.13", Handler="h.h", Role="arn:aws:iam::1:role/r", Code=code)
    assert aws.create("app", made) == "ROLLBACK_COMPLETE"


def test_a_roles_boundary_reaches_iam(aws: Aws) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
    boundary = "arn:aws:iam::1:policy/boundary"
    aws.create("app", one("AWS::IAM::Role", RoleName="r", AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary))
    assert aws.client("iam").get_role(RoleName="r")["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary


def test_a_topics_key_reaches_sns(aws: Aws) -> None:
    aws.create("app", one("AWS::SNS::Topic", TopicName="t", KmsMasterKeyId="alias/k"))
    found = aws.client("sns").get_topic_attributes(TopicArn=aws.child("app", "It"))["Attributes"]
    assert found["KmsMasterKeyId"] == "alias/k"


def api(*, body: bool) -> Template:
    rest = {"Ref": "Api"}
    schema = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    method = {
        "RestApiId": rest,
        "ResourceId": {"Ref": "Items"},
        "HttpMethod": "POST",
        "AuthorizationType": "NONE",
        "RequestValidatorId": {"Ref": "Validator"},
        "RequestModels": {"application/json": {"Ref": "Model"}},
        "Integration": {
            "Type": "MOCK",
            "RequestTemplates": {"application/json": '{"statusCode": 200}'},
            "IntegrationResponses": [{"StatusCode": "200"}],
        },
        "MethodResponses": [{"StatusCode": "200"}],
    }
    validator = {"RestApiId": rest, "Name": "v", "ValidateRequestBody": body, "ValidateRequestParameters": True}
    stage = {
        "RestApiId": rest,
        "StageName": "live",
        "DeploymentId": {"Ref": "Deployment"},
        "TracingEnabled": True,
        "AccessLogSetting": {"DestinationArn": "arn:aws:logs:us-east-1:1:log-group:access", "Format": "$context.requestId"},
        "MethodSettings": [{"ResourcePath": "/*", "HttpMethod": "*", "ThrottlingRateLimit": 100, "ThrottlingBurstLimit": 200}],
    }
    return template(
        {
            "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "items"}},
            "Items": {
                "Type": "AWS::ApiGateway::Resource",
                "Properties": {"RestApiId": rest, "ParentId": get_att("Api", "RootResourceId"), "PathPart": "items"},
            },
            "Model": {
                "Type": "AWS::ApiGateway::Model",
                "Properties": {"RestApiId": rest, "Name": "New", "ContentType": "application/json", "Schema": schema},
            },
            "Validator": {"Type": "AWS::ApiGateway::RequestValidator", "Properties": validator},
            "Method": {"Type": "AWS::ApiGateway::Method", "Properties": method},
            "Deployment": {"Type": "AWS::ApiGateway::Deployment", "Properties": {"RestApiId": rest}, "DependsOn": "Method"},
            "Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": stage},
        },
        {"ApiId": rest},
    )


def post(aws: Aws, body: bytes) -> int:
    api_id = aws.stack("app")["Outputs"][0]["OutputValue"]
    request = urllib.request.Request(f"{aws.url}/_aws/execute-api/{api_id}/live/items", data=body, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_a_stages_settings_reach_api_gateway(aws: Aws) -> None:
    aws.create("app", api(body=True))
    stage = aws.client("apigateway").get_stages(restApiId=aws.child("app", "Api"))["item"][0]
    assert stage["accessLogSettings"]["format"] == "$context.requestId"
    assert stage["tracingEnabled"]
    assert stage["methodSettings"]["*/*"]["throttlingRateLimit"] == 100


def test_a_validator_validates(aws: Aws) -> None:
    aws.create("app", api(body=True))
    assert post(aws, b'{"name": "n"}') == 200
    assert post(aws, b'{"other": 1}') == 400


def test_a_validator_that_looks_at_no_body_lets_it_pass(aws: Aws) -> None:
    aws.create("app", api(body=False))
    assert post(aws, b'{"other": 1}') == 200


def test_a_queues_attributes_reach_sqs(aws: Aws) -> None:
    jobs = queue(
        180,
        MessageRetentionPeriod=345600,
        ReceiveMessageWaitTimeSeconds=20,
        KmsMasterKeyId="alias/k",
        KmsDataKeyReusePeriodSeconds=300,
        RedrivePolicy={"deadLetterTargetArn": get_att("Dead", "Arn"), "maxReceiveCount": 3},
        RedriveAllowPolicy={"redrivePermission": "denyAll"},
    )
    aws.create("app", template({"It": jobs, "Dead": queue()}))
    found = aws.client("sqs").get_queue_attributes(QueueUrl=aws.child("app", "It"), AttributeNames=["All"])["Attributes"]
    assert (found["VisibilityTimeout"], found["MessageRetentionPeriod"], found["ReceiveMessageWaitTimeSeconds"]) == ("180", "345600", "20")
    assert (found["KmsMasterKeyId"], found["KmsDataKeyReusePeriodSeconds"]) == ("alias/k", "300")
    assert json.loads(found["RedrivePolicy"])["maxReceiveCount"] == 3
    assert json.loads(found["RedriveAllowPolicy"]) == {"redrivePermission": "denyAll"}


def test_a_put_with_kms_and_no_key_takes_the_accounts_own(aws: Aws) -> None:
    s3, name = aws.client("s3"), f"b-{aws.account}"
    s3.create_bucket(Bucket=name)
    assert s3.put_object(Bucket=name, Key="k", Body=b"", ServerSideEncryption="aws:kms")["SSEKMSKeyId"].endswith("alias/aws/s3")
