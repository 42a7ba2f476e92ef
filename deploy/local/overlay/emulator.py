"""The one door to MiniStack: refuses any version but the one that the overlay was written for, and names what is used of it."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

VERSION = "1.5.33"


def _installed() -> str:
    try:
        return version("ministack")
    except PackageNotFoundError:
        return "none"


if (found := _installed()) != VERSION:
    sys.exit(f"the overlay is written for ministack {VERSION}, found {found}: install deploy/local/requirements.txt")

app: Any = import_module("ministack.app")
responses: Any = import_module("ministack.core.responses")
actions: Any = import_module("ministack.core.iam_actions")
evaluator: Any = import_module("ministack.core.iam_evaluator")
concurrency: Any = import_module("ministack.core.concurrency")

cloudformation: Any = import_module("ministack.services.cloudformation")
engine: Any = import_module("ministack.services.cloudformation.engine")
stacks: Any = import_module("ministack.services.cloudformation.stacks")
handlers: Any = import_module("ministack.services.cloudformation.handlers")
changesets: Any = import_module("ministack.services.cloudformation.changesets")
drift: Any = import_module("ministack.services.cloudformation.drift")
helpers: Any = import_module("ministack.services.cloudformation.helpers")
provisioners: Any = import_module("ministack.services.cloudformation.provisioners")

accounts: Any = import_module("ministack.services.account")
apigateway: Any = import_module("ministack.services.apigateway_v1")
cloudfront: Any = import_module("ministack.services.cloudfront")
cloudwatch: Any = import_module("ministack.services.cloudwatch")
dynamodb: Any = import_module("ministack.services.dynamodb")
ec2: Any = import_module("ministack.services.ec2")
functions: Any = import_module("ministack.services.lambda_svc")
iam: Any = import_module("ministack.services.iam")
logs: Any = import_module("ministack.services.cloudwatch_logs")
organizations: Any = import_module("ministack.services.organizations")
route53: Any = import_module("ministack.services.route53")
s3: Any = import_module("ministack.services.s3")
sns: Any = import_module("ministack.services.sns")
sqs: Any = import_module("ministack.services.sqs")
waf: Any = import_module("ministack.services.waf")

Stack = dict[str, Any]
"""A stack as MiniStack records it: the fields of DescribeStacks, and private ones that begin with an underscore."""

Record = dict[str, Any]
"""A resource of a stack as MiniStack records it: PhysicalResourceId, ResourceType, Properties, Attributes, ..."""

Answer = tuple[int, dict[str, str], bytes]
"""What a handler answers: status, headers, body."""

Parameters = dict[str, Any]
"""A request's parameters, as the query protocol has them: name -> list of texts."""


def account() -> str:
    """The account of the request or operation that is running."""
    return str(responses.get_account_id())


def region() -> str:
    """The region of the request or operation that is running."""
    return str(responses.get_region())


def stack_by_id(stack_id: str | None) -> Stack | None:
    """A stack of this account and region, by its id."""
    return next((stack for stack in cloudformation._stacks.values() if stack["StackId"] == stack_id), None)


def stack_called(name: str) -> Stack | None:
    """A stack by name or id that is not deleted; None where there is none."""
    found: Stack | None = handlers._resolve_stack(name)
    return None if found is None or found["StackStatus"] == "DELETE_COMPLETE" else found
