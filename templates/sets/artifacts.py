"""The tools account's artifact bucket in another region, where instances of sets need functions' code in their own.

It is bootstrap's bucket again, with its key and its denials; who writes are the roles of the tools account's own region.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import GetAtt, Ref

from resources import artifacts, elsewhere
from resources.naming import bucket_name
from resources.storage import access_logs_of, bucket_policy, private_bucket, private_log_bucket
from templates.service import Service

if TYPE_CHECKING:
    from env.model import ToolsEnvironment

NAME = "artifacts"


def build(env: ToolsEnvironment) -> Service[ToolsEnvironment]:
    # Tagged as bootstrap's own: what keeps those from every deployment keeps these.
    service = Service("bootstrap", env, f"{env.project} {env.name}: artifacts in another region")
    key, alias = artifacts.artifact_key(env, elsewhere.role_arn)
    service.add(key, alias)
    logs_bucket = service.add(private_log_bucket("LogBucket", bucket_name(env, "artifact-logs"), days=env.logs.retention_days))
    rules = artifacts.lifecycle(env.storage.noncurrent_days, env.storage.incomplete_upload_days)
    bucket = service.add(
        private_bucket(
            artifacts.BUCKET, bucket_name(env, "artifacts"), key_arn=GetAtt(key, "Arn"), log_bucket=Ref(logs_bucket), lifecycle=rules
        )
    )
    service.add(bucket_policy(bucket, *artifacts.kept(env, lambda task: elsewhere.role_arn(env, task))))
    service.add(bucket_policy(logs_bucket, access_logs_of(GetAtt(bucket, "Arn"), logs_bucket)))
    service.gives("ArtifactBucketName", Ref(bucket), "Templates and assets")
    service.gives("ArtifactKeyArn", GetAtt(key, "Arn"), "Its key")
    return service
