"""Resource types that hold what nobody can build again: data, keys, identities that others wrote down.

Sources: the `UpdateReplacePolicy` and `DeletionPolicy` pages of the CloudFormation user guide name the types with
snapshots; the others follow from what their service keeps (objects, items, messages, key material, users).
"""

from __future__ import annotations

# type -> what is lost with it
STATEFUL = {
    "AWS::Backup::BackupVault": "recovery points",
    "AWS::Cognito::UserPool": "users",
    "AWS::DocDB::DBCluster": "documents",
    "AWS::DynamoDB::GlobalTable": "items",
    "AWS::DynamoDB::Table": "items",
    "AWS::EC2::Volume": "blocks",
    "AWS::EFS::FileSystem": "files",
    "AWS::ElastiCache::ReplicationGroup": "cached values",
    "AWS::KMS::Key": "every text that the key encrypted",
    "AWS::Kinesis::Stream": "records",
    "AWS::Logs::LogGroup": "log events",
    "AWS::Neptune::DBCluster": "graphs",
    "AWS::OpenSearchService::Domain": "documents",
    "AWS::RDS::DBCluster": "rows",
    "AWS::RDS::DBInstance": "rows",
    "AWS::Redshift::Cluster": "rows",
    "AWS::Route53::HostedZone": "name servers that others delegate to",
    "AWS::S3::Bucket": "objects",
    "AWS::SecretsManager::Secret": "secrets",
    "AWS::SQS::Queue": "messages",
}
