"""From botocore's exceptions to our errors, each with AWS's own reason and what to do.

Sources: the common errors of the API references, and the texts of IAM's "access denied error messages" page, which name the
kind of policy that lacks the permission or denies it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from botocore import exceptions
from botocore.parsers import ResponseParserError

from deploy.errors import CredentialsExpired, Denied, DeployError, Invalid, OutcomeUnknown

_DENIED = {
    "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AccessForbidden", "UnauthorizedAccess", "AllAccessDisabled",
    "NotAuthorized", "OptInRequired",
}  # fmt: skip
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"}
_UNKNOWN = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "AuthFailure",
    "InvalidToken",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
}
_CLOCK = {"RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture", "SignatureDoesNotMatch", "InvalidSignatureException"}
_BUSY = {
    "Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown",
    "RequestThrottled", "RequestThrottledException", "PriorRequestNotComplete", "BandwidthLimitExceeded", "429",
}  # fmt: skip
_AT_FAULT = {
    "InternalFailure",
    "InternalError",
    "InternalServerError",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "RequestTimeout",
    "RequestTimeoutException",
    "RequestAbortedException",
}

_SIGN_IN = (
    exceptions.SSOError,
    exceptions.LoginError,
    exceptions.TokenRetrievalError,
    exceptions.CredentialRetrievalError,
    exceptions.RefreshWithMFAUnsupportedError,
)
# The last three: an answer that is cut short, damaged on the way, or a proxy's page instead of AWS's.
_LINE = (
    exceptions.ConnectionError,
    exceptions.HTTPClientError,
    exceptions.IncompleteReadError,
    exceptions.FlexibleChecksumError,
    ResponseParserError,
)

MOST_SKEW_SECONDS = 300
"""What AWS's signatures allow."""

_WHO = re.compile(
    r"(?:User|Principal): (?P<who>\S+) is not authorized to perform: (?P<action>\S+)(?: on resource: \"?(?P<what>[^\s\"]+?)(?=[\s\",.]*(?:\s|$)))?"
)
_LACKS = re.compile(r"because no (?P<kind>permissions boundary|[\w -]+? policy) allows", re.IGNORECASE)
_DENIES = re.compile(r"(?:with|due to) an explicit deny in (?:an?|the) (?P<kind>permissions boundary|[\w -]+? policy)", re.IGNORECASE)


class AwsRefusal(DeployError):
    """AWS answered with an error that whoever called may expect. ``reason``: AWS's error code; ``message``: its words."""

    def __init__(self, operation: str, reason: str, message: str) -> None:
        self.operation, self.reason, self.message = operation, reason, message
        super().__init__(operation, f"AWS answers {reason}: {message}")


def translated(error: Exception, operation: str) -> DeployError:
    """Our error for one of botocore's; ``operation`` as AWS writes it, ``cloudformation:DescribeStacks``."""
    if isinstance(error, exceptions.ClientError):
        return _answered(error, operation)
    if isinstance(error, (exceptions.NoCredentialsError, exceptions.PartialCredentialsError)):
        return Denied("credentials", "there are none", "sign in, set AWS_PROFILE, or give --profile")
    if isinstance(error, exceptions.ProfileNotFound):
        return Invalid("--profile", str(error), "see the profiles: aws configure list-profiles")
    if isinstance(error, _SIGN_IN):
        return CredentialsExpired("credentials", str(error), "sign in again: aws sso login")
    if isinstance(error, (exceptions.ParamValidationError, exceptions.UnknownServiceError)):
        return DeployError(operation, f"the request is not well formed: {error}", "this is a fault of the tool: please report it")
    if isinstance(error, _LINE):
        return OutcomeUnknown(operation, f"AWS cannot be reached: {error}", "look at the network, then run the same command again")
    return DeployError(operation, str(error))


def is_busy(reason: str) -> bool:
    """Whether AWS's error code asks to slow down."""
    return reason in _BUSY


def _answered(error: exceptions.ClientError, operation: str) -> DeployError:
    said: dict[str, Any] = dict(error.response)
    reason = str(said.get("Error", {}).get("Code", ""))
    message = str(said.get("Error", {}).get("Message", "") or error)
    headers = said.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    if reason in _CLOCK and (skew := skew_of(headers)) and abs(skew) > MOST_SKEW_SECONDS:
        return clock_is_off(skew)
    if reason in _EXPIRED:
        return CredentialsExpired("credentials", f"they have expired ({reason})", "sign in again, then run the same command: it attaches")
    if reason in _UNKNOWN or reason in _CLOCK:
        return Denied("credentials", f"AWS does not know them ({reason}: {message})", "check AWS_PROFILE or --profile")
    if reason == "400" and operation == "s3:HeadObject":
        # S3 gives no reasons to a HEAD; an expired token is the one that a well-formed request meets.
        return CredentialsExpired("credentials", "S3 does not take them (400)", "sign in again, then run the same command: it attaches")
    if reason in _DENIED or reason == "403":
        return denied(operation, message)
    if reason.startswith("KMS."):
        return Denied("encryption key", f"S3 cannot use it ({reason}: {message})", "look at the key: it is disabled, deleted or not there")
    if reason in _BUSY:
        return OutcomeUnknown(
            operation, f"AWS asks to slow down, again and again ({reason})", "wait a minute, then run the same command again"
        )
    if reason in _AT_FAULT or said.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500 or reason in ("500", "502", "503", "504"):
        return OutcomeUnknown(
            operation, f"AWS has a fault of its own ({reason}: {message})", "wait a minute, then run the same command again"
        )
    return AwsRefusal(operation, reason, message)


def denied(operation: str, message: str) -> Denied:
    """Who may not do what on what, and which kind of policy lacks it."""
    found = _WHO.search(message)
    who, what = (found["who"], found["what"]) if found else ("these credentials", None)
    action = found["action"] if found else operation
    lacks, denies = _LACKS.search(message), _DENIES.search(message)
    if denies:
        remedy = f"the {denies['kind']} denies it"
    elif lacks:
        remedy = f"no {lacks['kind']} allows it"
    else:
        remedy = "no policy allows it, or one denies it: look at the identity's policies, its boundary, and the resource's own policy"
    if action.startswith("kms:"):
        remedy += "; for a key both the identity's policy and the key's own must allow it"
    return Denied(who, f"may not {action}" + (f" on {what}" if what else ""), remedy, (f"AWS says: {message}",))


def skew_of(headers: dict[str, str], now: datetime | None = None) -> float | None:
    """Seconds by which this clock is ahead of AWS's, from an answer's Date header; None where it has none."""
    try:
        theirs = parsedate_to_datetime(headers["date"])
    except (KeyError, TypeError, ValueError):
        return None
    return ((now or datetime.now(UTC)) - theirs.astimezone(UTC)).total_seconds()


def clock_is_off(skew: float) -> Denied:
    side = "ahead of" if skew > 0 else "behind"
    return Denied(
        "clock", f"this clock is {abs(skew):.0f} s {side} AWS's", "set it (timedatectl set-ntp true), then run the same command again"
    )
