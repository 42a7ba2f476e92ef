"""Condition keys that policies of this project rest on: who a role's session is, what a stack is made from, whether a write is conditional.

Models the IAM user guide's "AWS global condition context keys" (aws:PrincipalArn: "For assumed role sessions, the request context
returns the ARN of the role") and the S3 user guide's "Enforce conditional writes on Amazon S3 buckets" (s3:if-none-match and
s3:if-match are there where the request has the header), and the service authorization reference's keys of CloudFormation (RoleArn,
TemplateUrl, ChangeSetName, StackPolicyUrl: what the request says), and the DynamoDB developer guide's "Using IAM policy conditions for
fine-grained access control" (dynamodb:LeadingKeys: the partition keys of the items that a request names), and the CloudWatch user guide's "Using
condition keys to limit access to CloudWatch namespaces" (cloudwatch:namespace), and of the first page aws:PrincipalOrgID and aws:ResourceOrgID: the
organization that an account is a member of, and not only the one that it manages.
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qs

from .emulator import app, dynamodb, evaluator, iam, organizations

_resolve = evaluator._resolve_condition_key
_pin, _pin_body = app.pin_signed_request, app.pin_signed_body
_SESSION = ":assumed-role/"

_PARAMETERS = {
    "cloudformation:rolearn": "RoleARN",
    "cloudformation:templateurl": "TemplateURL",
    "cloudformation:changesetname": "ChangeSetName",
    "cloudformation:stackpolicyurl": "StackPolicyURL",
}

Headers = list[tuple[bytes, bytes]]
_headers: ContextVar[Headers] = ContextVar("tapline_headers", default=[])  # noqa: B039 - nobody changes it
_body: ContextVar[bytes] = ContextVar("tapline_body", default=b"")


def resolve_condition_key(key: str, context: Any) -> Any:
    name = key.lower()
    if name == "aws:principalarn" and _SESSION in context.principal_arn:
        return _role_arn(context.principal_arn)
    if name in ("s3:if-none-match", "s3:if-match"):
        return _header(name.removeprefix("s3:"))
    if name in _PARAMETERS:
        return next(iter(parse_qs(_body.get().decode("utf-8", "replace")).get(_PARAMETERS[name], [])), None)
    if name == "aws:principalorgid":
        return _organization(context.principal_account) or _resolve(key, context)
    if name == "aws:resourceorgid":
        return _organization(context.resource_arn.split(":")[4] if context.resource_arn.count(":") > 4 else "")
    if name == "cloudwatch:namespace":
        return _namespace()
    if name == "dynamodb:leadingkeys":
        return _leading_keys()
    return _resolve(key, context)


def _organization(member: str) -> str | None:
    """Of an account that was made in it, or that manages it."""
    managed = [manager for manager, key in list(organizations._accounts._data) if key == member]
    found = [organizations._orgs.get_scoped(manager, None, "self") for manager in sorted(managed, key=member.__eq__)]
    return next((str(one["Id"]) for one in found if one), None)


def _leading_keys() -> list[str] | None:
    """Of a request for one item; None, as for an absent key, where it names none."""
    try:
        said = json.loads(_body.get())
        table = dynamodb._tables[said["TableName"].rsplit("/", 1)[-1]]
        return [str(value) for value in (said.get("Key") or said["Item"])[table["pk_name"]].values()]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _namespace() -> str | None:
    """Of PutMetricData, as JSON or as a form."""
    body = _body.get().decode("utf-8", "replace")
    try:
        return str(json.loads(body)["Namespace"])
    except (ValueError, KeyError, TypeError):
        return next(iter(parse_qs(body).get("Namespace", [])), None)


def _role_arn(session: str) -> str:
    """The role keeps its path in its ARN; the session's has none."""
    owner = session.split(":")[4]
    name = session.split(_SESSION)[1].split("/")[0]
    role = iam._roles.get_scoped(owner, None, name)
    return str(role["Arn"]) if role else f"arn:aws:iam::{owner}:role/{name}"


def _header(name: str) -> str | None:
    """Of the request that is being judged."""
    return next((value.decode("latin-1") for key, value in _headers.get() if key.lower() == name.encode()), None)


def pin_signed_request(method: str, path: str, query: dict[str, Any], headers: Headers, **more: Any) -> None:
    """MiniStack forgets a request's headers once its signature is checked, before its policies are."""
    _headers.set(headers)
    _body.set(b"")
    _pin(method, path, query, headers, **more)


def pin_signed_body(body: bytes) -> None:
    _body.set(body)
    _pin_body(body)


def install() -> None:
    app.pin_signed_body = pin_signed_body
    evaluator._resolve_condition_key = resolve_condition_key
    app.pin_signed_request = pin_signed_request
