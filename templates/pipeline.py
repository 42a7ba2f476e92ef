"""The pipeline of the tools account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import kms
from troposphere import GetAtt, Ref

from resources import statements
from resources.keys import key_with_alias
from resources.naming import name
from resources.queues import topic, topic_policy
from templates.service import Service

if TYPE_CHECKING:
    from env.model import ToolsEnvironment

PIPELINE_STACK = "pipeline"


def build(env: ToolsEnvironment) -> Service[ToolsEnvironment]:
    service = Service("pipeline", env, "The pipeline, which carries releases through the environments")
    users = [statements.allow_service("Events", "events.amazonaws.com", [kms.Decrypt, kms.GenerateDataKey], ["*"])]
    key, alias = key_with_alias(env, "PipelineKey", "pipeline", f"Artifacts, logs and notices of the pipeline of {env.project}", users)
    notices = topic("NoticeTopic", name(env, "pipeline", "topic"), key_arn=GetAtt(key, "Arn"))
    service.add(key, alias, notices, topic_policy(notices))
    service.gives("NoticeTopicArn", Ref(notices), "ARN of the topic that is told of approvals and failures")
    return service
