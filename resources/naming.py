"""One pattern for every physical name: ``project-thing-environment``, cut to its service's limit.

A name that must be unique beyond its account and region carries them as CloudFormation's own pseudo parameters, so
that no account and no region is written in a template. Where the longest form would pass the service's limit, the
thing is shortened and a hash of it appended, the same on every machine.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from troposphere import Sub

if TYPE_CHECKING:
    from env.model import AnyEnvironment

# The longest name that each service takes; sources: the services' API references (CreateQueue, CreateFunction,
# CreateRole, CreatePolicy, CreateBucket, CreateTable, CreateTopic, PutMetricAlarm, CreateLogGroup, CreateAlias,
# PutRule, PutParameter, CreateRestApi, CreateWebACL, PutDashboard, CreateProject, CreatePipeline, CloudFront's CreateFunction).
LIMITS = {
    "queue": 80,
    "function": 64,
    "role": 64,
    "policy": 128,
    "bucket": 63,
    "table": 255,
    "topic": 256,
    "alarm": 255,
    "log group": 512,
    "alias": 256,
    "rule": 64,
    "parameter": 1011,
    "api": 128,
    "web acl": 128,
    "dashboard": 255,
    "security group": 255,
    "stack": 128,
    "build": 150,
    "pipeline": 100,
    "edge function": 64,
    "tag": 256,
}

ACCOUNT, REGION = "${AWS::AccountId}", "${AWS::Region}"
_LONGEST = {ACCOUNT: "0" * 12, REGION: "r" * len("us-isof-south-N")}


def name(env: AnyEnvironment, thing: str, kind: str) -> str:
    """``tap-jobs-dev``: for what is unique within an account and region."""
    return _fit(env, (thing,), kind)


def global_name(env: AnyEnvironment, thing: str, kind: str) -> Sub:
    """``tap-api-<region>-dev``: for IAM, whose names know no region."""
    return Sub(_fit(env, (thing, REGION), kind))


def bucket_name(env: AnyEnvironment, thing: str) -> Sub:
    """``tap-data-<account>-<region>-dev``: bucket names are unique in all of AWS."""
    return Sub(bucket_pattern(env, thing))


def bucket_pattern(env: AnyEnvironment, thing: str, environment: str = "") -> str:
    """The text inside :func:`bucket_name`, to build longer texts from; of another ``environment`` where one is named."""
    return _fit(env, (thing, ACCOUNT, REGION), "bucket", environment)


def global_pattern(env: AnyEnvironment, thing: str, kind: str, environment: str = "") -> str:
    """The text inside :func:`global_name`, to build longer texts from; of another ``environment`` where one is named."""
    return _fit(env, (thing, REGION), kind, environment)


def parameter_path(env: AnyEnvironment, *parts: str) -> str:
    """``/tap/dev/outputs/storage/DataBucketName``: one tree of Parameter Store values an environment."""
    return "/" + "/".join((env.project, env.name, *parts))


def log_group_name(env: AnyEnvironment, family: str, thing: str) -> str:
    """``/aws/lambda/tap-api-dev``: CloudWatch Logs groups by AWS's own families."""
    return f"/aws/{family}/{name(env, thing, 'log group')}"


def log_group_patterns(env: AnyEnvironment) -> tuple[str, ...]:
    """Every log group of the environment: AWS's families, web ACL logs, and API Gateway's groups, which it names itself."""
    own = f"{env.project}-*-{env.name}"
    return (f"/aws/*/{own}", f"aws-waf-logs-{own}", "API-Gateway-Execution-Logs_*")


def longest(text: str) -> int:
    """The length of a name once CloudFormation has put account and region in."""
    for placeholder, value in _LONGEST.items():
        text = text.replace(placeholder, value)
    return len(text)


def _fit(env: AnyEnvironment, parts: tuple[str, ...], kind: str, environment: str = "") -> str:
    limit, environment = LIMITS[kind], environment or env.name
    text = "-".join((env.project, *parts, environment))
    excess = longest(text) - limit
    if excess <= 0:
        return text
    thing, rest = parts[0], parts[1:]
    kept = thing[: len(thing) - excess - 7]
    if not kept:
        raise ValueError(f"{kind} name {text!r} is {longest(text)} characters long; {limit} are allowed: shorten project or environment")
    return "-".join((env.project, f"{kept}-{sha256(thing.encode()).hexdigest()[:6]}", *rest, environment))
