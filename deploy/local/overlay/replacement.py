"""Which properties make CloudFormation replace a resource, for the types that MiniStack does not know this of.

Data: `createOnlyProperties` and `conditionalCreateOnlyProperties` of the types' registry schemas (as cfn-lint bundles them).
"""

from __future__ import annotations

from .emulator import provisioners

ALWAYS: dict[str, tuple[str, ...]] = {
    "AWS::ApiGateway::Account": (),
    "AWS::ApiGateway::Authorizer": ("RestApiId",),
    "AWS::ApiGateway::Deployment": ("RestApiId",),
    "AWS::ApiGateway::Method": ("HttpMethod", "ResourceId", "RestApiId"),
    "AWS::ApiGateway::Model": ("ContentType", "Name", "RestApiId"),
    "AWS::ApiGateway::RequestValidator": ("Name", "RestApiId"),
    "AWS::ApiGateway::Resource": ("ParentId", "PathPart", "RestApiId"),
    "AWS::ApiGateway::RestApi": (),
    "AWS::ApiGateway::Stage": ("RestApiId", "StageName"),
    "AWS::CloudFormation::Stack": (),
    "AWS::CloudWatch::Alarm": ("AlarmName",),
    "AWS::CloudWatch::CompositeAlarm": ("AlarmName",),
    "AWS::CloudWatch::Dashboard": ("DashboardName",),
    "AWS::CodeBuild::Project": ("Name",),
    "AWS::CodePipeline::Pipeline": ("Name",),
    "AWS::DynamoDB::GlobalTable": ("TableName",),
    "AWS::EC2::EIP": ("Address", "IpamPoolId", "NetworkBorderGroup", "TransferAddress"),
    "AWS::EC2::FlowLog": (
        "DeliverCrossAccountRole",
        "DeliverLogsPermissionArn",
        "DestinationOptions",
        "LogDestination",
        "LogDestinationType",
        "LogFormat",
        "LogGroupName",
        "MaxAggregationInterval",
        "ResourceId",
        "ResourceType",
        "TrafficType",
    ),
    "AWS::EC2::InternetGateway": (),
    "AWS::EC2::NatGateway": ("AllocationId", "ConnectivityType", "PrivateIpAddress", "SubnetId", "VpcId"),
    "AWS::EC2::Route": ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId", "RouteTableId"),
    "AWS::EC2::RouteTable": ("VpcId",),
    "AWS::EC2::SecurityGroup": ("GroupDescription", "GroupName", "VpcId"),
    "AWS::EC2::Subnet": ("AvailabilityZone", "AvailabilityZoneId", "CidrBlock", "VpcId"),
    "AWS::EC2::SubnetRouteTableAssociation": ("RouteTableId", "SubnetId"),
    "AWS::EC2::VPC": ("CidrBlock", "Ipv4IpamPoolId", "Ipv4NetmaskLength"),
    "AWS::EC2::VPCEndpoint": ("ServiceName", "ServiceRegion", "VpcEndpointType", "VpcId"),
    "AWS::EC2::VPCGatewayAttachment": ("VpcId",),
    "AWS::Events::Rule": ("Name",),
    "AWS::IAM::OIDCProvider": ("Url",),
    "AWS::IAM::Policy": (),
    "AWS::KMS::Alias": ("AliasName",),
    "AWS::KMS::Key": (),
    "AWS::Lambda::Alias": ("FunctionName", "Name"),
    "AWS::Lambda::EventInvokeConfig": ("FunctionName", "Qualifier"),
    "AWS::Lambda::EventSourceMapping": ("EventSourceArn", "SelfManagedEventSource", "StartingPosition"),
    "AWS::Lambda::Permission": ("Action", "EventSourceToken", "FunctionName", "Principal", "PrincipalOrgID", "SourceAccount", "SourceArn"),
    "AWS::Lambda::Version": ("CodeSha256", "Description", "FunctionName"),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::Logs::MetricFilter": ("FilterName", "LogGroupName"),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::S3::BucketPolicy": ("Bucket",),
    "AWS::SNS::TopicPolicy": (),
    "AWS::SQS::QueuePolicy": (),
    "AWS::WAFv2::LoggingConfiguration": ("ResourceArn",),
    "AWS::WAFv2::WebACLAssociation": ("ResourceArn", "WebACLArn"),
}

PERHAPS: dict[str, tuple[str, ...]] = {
    "AWS::DynamoDB::GlobalTable": ("KeySchema", "LocalSecondaryIndexes"),
    "AWS::EC2::VPC": ("InstanceTenancy",),
    "AWS::Events::Rule": ("EventBusName",),
}


def install() -> None:
    for resource_type, properties in ALWAYS.items():
        provisioners._REPLACING_PROPERTIES.setdefault(resource_type, properties)
    for resource_type, properties in PERHAPS.items():
        provisioners._CONDITIONALLY_REPLACING_PROPERTIES.setdefault(resource_type, properties)
