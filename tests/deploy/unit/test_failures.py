"""Every error of AWS and of botocore in our words: what is so, what to do, and the code that the command ends with."""

from __future__ import annotations

import re
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from botocore import exceptions
from botocore.parsers import ResponseParserError

from deploy.aws.failures import AwsRefusal, denied, skew_of, translated
from deploy.errors import CredentialsExpired, Denied, DeployError, Invalid, OutcomeUnknown

ANN = "arn:aws:iam::111111111111:user/ann"
ROLE = "arn:aws:sts::111111111111:assumed-role/tap-plan/ann"
STACK = "arn:aws:cloudformation:us-east-1:111111111111:stack/tap-app-dev/1"
KEY = "arn:aws:kms:us-east-1:111111111111:key/1234"


def refused(code: str, message: str = "", status: int = 400, skew: float | None = None) -> exceptions.ClientError:
    """AWS's answer; ``skew``: seconds by which this clock is ahead of the answer's Date."""
    headers = {} if skew is None else {"date": format_datetime(datetime.now(UTC) - timedelta(seconds=skew), usegmt=True)}
    said: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers}}
    return exceptions.ClientError(said, "DescribeStacks")


def not_allowed(action: str, why: str, *, on: str = STACK, who: str = ANN) -> str:
    return f"User: {who} is not authorized to perform: {action}{f' on resource: {on}' if on else ''}{why}"


@pytest.mark.failure("KMS or IAM denied")
@pytest.mark.parametrize(
    ("kind", "why"),
    [
        *[
            pytest.param(f"no {kind} allows it", f" because no {kind} allows the cloudformation:DescribeStacks action", id=f"no {kind}")
            for kind in (
                "identity-based policy",
                "resource-based policy",
                "permissions boundary",
                "session policy",
                "service control policy",
                "resource control policy",
                "VPC endpoint policy",
            )
        ],
        *[
            pytest.param(f"the {kind} denies it", f" with an explicit deny in {article} {kind}", id=f"{kind} denies")
            for kind, article in (
                ("identity-based policy", "an"),
                ("resource-based policy", "a"),
                ("permissions boundary", "a"),
                ("session policy", "a"),
                ("service control policy", "a"),
                ("resource control policy", "a"),
                ("VPC endpoint policy", "a"),
            )
        ],
        pytest.param(
            "the service control policy denies it",
            " with an explicit deny in a service control policy: arn:aws:organizations::222222222222:policy/o-1/service_control_policy/p-1",
            id="with the policy's ARN",
        ),
        pytest.param(
            "the Service Control Policy denies it", " due to an explicit deny in a Service Control Policy", id="in the older words"
        ),
        pytest.param(
            "the identity-based policy denies it",
            " with an explicit deny in an identity-based policy (Service: AWSLambda; Status Code: 403)",
            id="with a service's own words behind",
        ),
        pytest.param(
            "the permissions boundary denies it",
            " with an explicit deny in a permissions boundary. Encoded authorization failure message: 4GIOHlTkIaWHQD0Q",
            id="with an encoded message",
        ),
        pytest.param("no policy allows it, or one denies it", "", id="without a reason"),
    ],
)
def test_a_denial_names_who_may_not_do_what_on_what_and_the_kind_of_policy_that_says_so(kind: str, why: str) -> None:
    """IAM user guide, "Troubleshoot access denied error messages": one example of each kind."""
    error = translated(refused("AccessDenied", not_allowed("cloudformation:DescribeStacks", why), 403), "cloudformation:DescribeStacks")
    assert isinstance(error, Denied)
    assert error.code == 5
    assert error.text.startswith(f"{ANN}: may not cloudformation:DescribeStacks on {STACK}\n  {kind}")
    assert error.details[0].endswith(why), "AWS's own words stay"


@pytest.mark.failure("KMS or IAM denied")
@pytest.mark.parametrize(
    ("operation", "message", "expected"),
    [
        pytest.param(
            "s3:PutObject",
            not_allowed(
                "s3:PutObject", " because no identity-based policy allows the s3:PutObject action", on='"arn:aws:s3:::b/k"', who=ROLE
            ),
            f"{ROLE}: may not s3:PutObject on arn:aws:s3:::b/k\n  no identity-based policy allows it",
            id="S3 quotes the resource",
        ),
        pytest.param(
            "sts:AssumeRole",
            not_allowed("sts:AssumeRole", " with an explicit deny in the role trust policy", on="arn:aws:iam::1:role/r"),
            f"{ANN}: may not sts:AssumeRole on arn:aws:iam::1:role/r\n  the role trust policy denies it",
            id="a trust denies",
        ),
        pytest.param(
            "sts:AssumeRole",
            not_allowed("sts:AssumeRole", " because no role trust policy allows the sts:AssumeRole action", on=""),
            f"{ANN}: may not sts:AssumeRole\n  no role trust policy allows it",
            id="no trust",
        ),
        pytest.param(
            "s3:PutObject",
            not_allowed("kms:GenerateDataKey", " because no resource-based policy allows the kms:GenerateDataKey action", on=KEY),
            f"{ANN}: may not kms:GenerateDataKey on {KEY}\n  no resource-based policy allows it; for a key both",
            id="a key policy lacks it",
        ),
        pytest.param(
            "s3:GetObject",
            f"User: {ANN} is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because the resource does "
            "not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access",
            f"{ANN}: may not kms:Decrypt\n  no policy allows it, or one denies it",
            id="a key of elsewhere",
        ),
        pytest.param(
            "cloudformation:ExecuteChangeSet",
            f"User: {ANN} is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/r.",
            f"{ANN}: may not iam:PassRole on arn:aws:iam::1:role/r\n  no policy allows it",
            id="a full stop at the end",
        ),
        pytest.param(
            "s3:GetObject", "Access Denied", "these credentials: may not s3:GetObject\n  no policy allows it", id="S3's two words"
        ),
    ],
)
def test_denials_that_have_a_form_of_their_own(operation: str, message: str, expected: str) -> None:
    """KMS developer guide, "Troubleshooting key access"; S3 user guide, "Troubleshoot access denied (403 Forbidden) errors"."""
    assert denied(operation, message).text.startswith(expected)


REFUSALS = [
    # code, message, HTTP status, our error, exit code, a word of ours
    ("AccessDenied", "no", 403, Denied, 5, "may not"),
    ("AccessDeniedException", "no", 400, Denied, 5, "may not"),
    ("UnauthorizedOperation", "no", 403, Denied, 5, "may not"),
    ("NotAuthorized", "no", 400, Denied, 5, "may not"),
    ("OptInRequired", "no", 403, Denied, 5, "may not"),
    ("403", "Forbidden", 403, Denied, 5, "may not"),
    ("ExpiredToken", "The security token included in the request is expired", 403, CredentialsExpired, 5, "expired"),
    ("ExpiredTokenException", "The security token included in the request is expired", 400, CredentialsExpired, 5, "expired"),
    ("InvalidClientTokenId", "The security token included in the request is invalid.", 403, Denied, 5, "does not know them"),
    ("UnrecognizedClientException", "The security token included in the request is invalid.", 400, Denied, 5, "does not know them"),
    ("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403, Denied, 5, "does not know them"),
    ("AuthFailure", "AWS was not able to validate the provided access credentials", 401, Denied, 5, "does not know them"),
    ("InvalidToken", "The provided token is malformed or otherwise invalid.", 400, Denied, 5, "does not know them"),
    ("SignatureDoesNotMatch", "The request signature we calculated does not match", 403, Denied, 5, "does not know them"),
    ("KMS.DisabledException", f"{KEY} is disabled.", 400, Denied, 5, "is disabled"),
    ("Throttling", "Rate exceeded", 400, OutcomeUnknown, 75, "slow down"),
    ("ThrottlingException", "Rate exceeded", 400, OutcomeUnknown, 75, "slow down"),
    ("RequestLimitExceeded", "Request limit exceeded.", 503, OutcomeUnknown, 75, "slow down"),
    ("TooManyRequestsException", "Rate exceeded", 429, OutcomeUnknown, 75, "slow down"),
    ("SlowDown", "Please reduce your request rate.", 503, OutcomeUnknown, 75, "slow down"),
    ("429", "Too Many Requests", 429, OutcomeUnknown, 75, "slow down"),
    ("InternalFailure", "", 500, OutcomeUnknown, 75, "fault of its own"),
    ("ServiceUnavailable", "", 503, OutcomeUnknown, 75, "fault of its own"),
    ("503", "Service Unavailable", 503, OutcomeUnknown, 75, "fault of its own"),
    ("504", "Gateway Timeout", 504, OutcomeUnknown, 75, "fault of its own"),
    ("SomeExceptionOfOneService", "", 500, OutcomeUnknown, 75, "fault of its own"),
    ("RequestTimeout", "Your socket connection to the server was not read from or written to", 400, OutcomeUnknown, 75, "fault of its own"),
    ("ValidationError", "Template format error", 400, AwsRefusal, 1, "Template format error"),
    ("LimitExceededException", "ChangeSet limit exceeded", 400, AwsRefusal, 1, "ChangeSet limit exceeded"),
]


@pytest.mark.failure("KMS or IAM denied")
@pytest.mark.failure("throttling")
@pytest.mark.parametrize(("code", "message", "status", "kind", "exit_code", "word"), REFUSALS, ids=[case[0] for case in REFUSALS])
def test_every_error_code_of_aws_has_an_error_and_an_exit_code(
    code: str, message: str, status: int, kind: type[DeployError], exit_code: int, word: str
) -> None:
    """Codes: "Common errors" of the API references, and S3's "Error responses"."""
    error = translated(refused(code, message, status), "cloudformation:DescribeStacks")
    assert type(error) is kind
    assert error.code == exit_code
    assert word in error.text
    assert message in f"{error.text} {error.details}" or kind in (OutcomeUnknown, CredentialsExpired)


@pytest.mark.failure("credentials expire in mid-deployment")
def test_a_head_of_s3_that_is_a_bad_request_is_a_token_that_has_expired() -> None:
    """S3 API reference, HeadObject: errors have no body, so an expired token is 400 Bad Request and nothing more."""
    assert type(translated(refused("400", "Bad Request"), "s3:HeadObject")) is CredentialsExpired
    assert type(translated(refused("400", "Bad Request"), "s3:GetObject")) is AwsRefusal


@pytest.mark.failure("clock skew")
@pytest.mark.parametrize(
    "code", ["RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "SignatureDoesNotMatch", "InvalidSignatureException"]
)
@pytest.mark.parametrize(("skew", "said"), [(1800.0, "ahead of"), (-7200.0, "behind")], ids=["ahead", "behind"])
def test_a_signature_that_fails_because_of_the_clock_says_by_how_much(code: str, skew: float, said: str) -> None:
    error = translated(refused(code, "Signature expired", 403, skew), "sts:GetCallerIdentity")
    assert type(error) is Denied
    assert error.code == 5
    seconds = re.search(rf"this clock is (\d+) s {said} AWS's", error.text)
    assert seconds
    assert abs(int(seconds[1]) - abs(skew)) < 2, "a Date has whole seconds"


@pytest.mark.failure("clock skew")
@pytest.mark.parametrize("skew", [None, 0.0, 200.0], ids=["no date", "right", "nearly right"])
def test_a_signature_that_fails_under_a_good_clock_is_a_matter_of_the_keys(skew: float | None) -> None:
    assert "does not know them" in translated(refused("SignatureDoesNotMatch", "no match", 403, skew), "sts:GetCallerIdentity").text


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"date": "Wed, 04 Mar 2026 12:00:00 GMT"}, 60.0, id="a date"),
        pytest.param({"date": "Wed, 04 Mar 2026 13:00:00 +0100"}, 60.0, id="another zone"),
        pytest.param({}, None, id="none"),
        pytest.param({"date": "yesterday"}, None, id="no date"),
        pytest.param({"date": ""}, None, id="empty"),
    ],
)
def test_the_clock_is_compared_with_the_date_of_an_answer(headers: dict[str, str], seconds: float | None) -> None:
    assert skew_of(headers, datetime(2026, 3, 4, 12, 1, tzinfo=UTC)) == seconds


LOCAL: list[tuple[str, Exception, type[DeployError], int, str]] = [
    ("no credentials", exceptions.NoCredentialsError(), Denied, 5, "AWS_PROFILE"),
    ("half of them", exceptions.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), Denied, 5, "AWS_PROFILE"),
    ("no such profile", exceptions.ProfileNotFound(profile="gone"), Invalid, 2, "gone"),
    ("SSO has ended", exceptions.UnauthorizedSSOTokenError(), CredentialsExpired, 5, "aws sso login"),
    ("SSO was never", exceptions.SSOTokenLoadError(error_msg="no token"), CredentialsExpired, 5, "aws sso login"),
    (
        "SSO cannot refresh",
        exceptions.TokenRetrievalError(provider="sso", error_msg="Token has expired"),
        CredentialsExpired,
        5,
        "sso login",
    ),
    ("login has ended", exceptions.LoginRefreshRequired(), CredentialsExpired, 5, "sign in again"),
    (
        "a process fails",
        exceptions.CredentialRetrievalError(provider="custom-process", error_msg="exit 1"),
        CredentialsExpired,
        5,
        "exit 1",
    ),
    ("a malformed request", exceptions.ParamValidationError(report="Missing StackName"), DeployError, 1, "Missing StackName"),
    ("no route", exceptions.EndpointConnectionError(endpoint_url="https://x"), OutcomeUnknown, 75, "https://x"),
    (
        "no name",
        exceptions.EndpointConnectionError(endpoint_url="https://x", error=socket.gaierror(-2, "unknown")),
        OutcomeUnknown,
        75,
        "https://x",
    ),
    ("connecting takes too long", exceptions.ConnectTimeoutError(endpoint_url="https://x"), OutcomeUnknown, 75, "https://x"),
    ("reading takes too long", exceptions.ReadTimeoutError(endpoint_url="https://x"), OutcomeUnknown, 75, "https://x"),
    ("closed", exceptions.ConnectionClosedError(endpoint_url="https://x"), OutcomeUnknown, 75, "https://x"),
    ("a proxy fails", exceptions.ProxyConnectionError(proxy_url="http://proxy", error=OSError("no")), OutcomeUnknown, 75, "http://proxy"),
    ("a certificate", exceptions.SSLError(endpoint_url="https://x", error=OSError("expired")), OutcomeUnknown, 75, "https://x"),
    ("a stream breaks", exceptions.ResponseStreamingError(error=OSError("reset")), OutcomeUnknown, 75, "reset"),
    ("half an answer", exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2), OutcomeUnknown, 75, "1 read"),
    ("damaged on the way", exceptions.FlexibleChecksumError(error_msg="crc32 differs"), OutcomeUnknown, 75, "crc32"),
    ("a proxy's page", ResponseParserError("Unable to parse response"), OutcomeUnknown, 75, "parse"),
    ("another one", exceptions.NoRegionError(), DeployError, 1, "region"),
]


@pytest.mark.failure("network loss")
@pytest.mark.parametrize(("error", "kind", "exit_code", "word"), [case[1:] for case in LOCAL], ids=[case[0] for case in LOCAL])
def test_what_fails_before_or_after_aws_has_an_error_and_an_exit_code(
    error: Exception, kind: type[DeployError], exit_code: int, word: str
) -> None:
    made = translated(error, "cloudformation:DescribeStacks")
    assert type(made) is kind
    assert made.code == exit_code
    assert word in made.text


def test_no_word_of_botocore_about_credentials_the_network_or_input_is_taken_for_a_fault_of_the_tool() -> None:
    """Over all exceptions of botocore that are of these families, those to come among them."""
    families = (exceptions.ConnectionError, exceptions.HTTPClientError, exceptions.SSOError, exceptions.LoginError)
    found = [kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, families)]
    assert len(found) > 12
    for kind in found:
        made = translated(kind.__new__(kind), "cloudformation:DescribeStacks")
        assert made.code != 1, kind
