"""How checks are run: attempts, time limits, stopping, what is kept of what they saw; and that both halves mean the same by a check."""

from __future__ import annotations

import contextlib
import http.server
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

import env.checks
from deploy import manifest as contract
from deploy.account import Account
from deploy.aws.sessions import Sessions
from deploy.errors import Invalid
from deploy.record import CheckResult
from deploy.verification import failed, model, passed, sentence, verify, words
from deploy.verification import http as http_check
from deploy.verification.model import NotVerified
from tests.deploy.world import World
from tests.local.conftest import Aws, Faults

OK = {"check": "parameter", "path": "there", "attempts": 1}
MISSING = {"check": "parameter", "path": "missing", "attempts": 3, "wait_seconds": 7}


def account(aws: Aws, *checks: dict[str, Any]) -> Account:
    """An account in which nothing is deployed and one parameter stands."""
    aws.client("ssm").put_parameter(Name="/tap/dev/there", Value="5", Type="String", Overwrite=True)
    made = World(aws=aws, folder=Path("build"))._manifest({})
    manifest = msgspec.structs.replace(made, checks=checks)
    return Account(manifest=manifest, data=b"", folder=Path("build"), sessions=Sessions(endpoint=aws.url, keys=(aws.account, "secret")))


# The model


def bare(schema: Any) -> Any:
    """A JSON Schema without what only people and editors read."""
    if isinstance(schema, dict):
        return {key: bare(value) for key, value in schema.items() if key not in ("description", "title")}
    return [bare(value) for value in schema] if isinstance(schema, list) else schema


def test_both_halves_mean_the_same_by_a_check() -> None:
    ours, theirs = (msgspec.json.schema_components([union])[1] for union in (model.Check, env.checks.Check))
    assert len(ours) == 9
    assert bare(ours) == bare(theirs)


def test_every_check_of_every_environment_is_understood(platform: env.Platform) -> None:
    for environment in platform.environments:
        said = tuple(msgspec.to_builtins(check) for check in environment.checks)
        assert msgspec.json.encode(msgspec.convert(said, tuple[model.Check, ...])) == msgspec.json.encode(environment.checks)


def test_a_check_that_this_deployer_does_not_know_is_invalid(aws: Aws) -> None:
    with pytest.raises(Invalid, match=r"checks\[1\] of environment dev") as caught:
        verify(account(aws, OK, {"check": "telepathy"}))
    assert "make generate" in str(caught.value)


def test_an_environment_without_checks_has_no_results(aws: Aws) -> None:
    assert verify(account(aws)) == ()
    assert passed(())


# Attempts


def test_a_check_is_tried_again_after_its_wait_until_its_attempts_are_used_up(aws: Aws) -> None:
    waits: list[float] = []
    (result,) = verify(account(aws, MISSING), sleep=waits.append)
    assert (result.ok, result.attempts, waits) == (False, 3, [7, 7])
    assert result.reason == "there is no parameter /tap/dev/missing"
    assert sentence(result) == "check parameter missing failed at attempt 3: there is no parameter /tap/dev/missing"


def test_a_check_that_passes_at_its_second_attempt_has_passed(aws: Aws) -> None:
    ssm = aws.client("ssm")

    def appear(seconds: float) -> None:
        ssm.put_parameter(Name="/tap/dev/missing", Value="here", Type="String")

    (result,) = verify(account(aws, MISSING), sleep=appear)
    assert (result.ok, result.attempts, result.reason) == (True, 2, "")


def test_all_checks_run_although_one_fails_and_all_are_told(aws: Aws) -> None:
    ended: list[CheckResult] = []
    results = verify(account(aws, {**MISSING, "attempts": 1}, OK, {"check": "alarms"}), ended=ended.append)
    assert [result.ok for result in results] == [False, True, True]
    assert failed(results) == results[:1]
    assert not passed(results)
    assert len(ended) == 3


def test_checks_run_at_the_same_time(aws: Aws, faults: Faults) -> None:
    subject = account(aws, *[OK] * 6)
    faults.add(service="ssm", latency=0.5)
    began = time.monotonic()
    assert passed(verify(subject))
    assert time.monotonic() - began < 1.5


# Time


def test_an_attempt_that_hangs_ends_at_its_time_and_is_tried_again(aws: Aws, faults: Faults) -> None:
    subject = account(aws, {**OK, "timeout_seconds": 1, "attempts": 2, "wait_seconds": 0})
    faults.add(service="ssm", latency=8)
    began = time.monotonic()
    (result,) = verify(subject)
    assert (result.ok, result.attempts, result.reason) == (False, 2, "no end within 1 s")
    assert 2 <= result.seconds < 3
    assert time.monotonic() - began < 3


def test_requests_that_hang_keep_nobody_else_from_asking(aws: Aws, faults: Faults) -> None:
    """The rollout follows its stack with the same credentials and the same limit of requests."""
    subject = account(aws, *[{**OK, "timeout_seconds": 1}] * 9)
    faults.add(service="ssm", latency=8)
    assert len(failed(verify(subject))) == 9
    began = time.monotonic()
    subject.stacks("deploy", subject.manifest.region).find("tap-app-dev")
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    "checks",
    [
        pytest.param([{**MISSING, "wait_seconds": 300}], id="between attempts"),
        pytest.param([{**OK, "timeout_seconds": 300}], id="in an attempt"),
    ],
)
def test_what_is_stopped_ends_at_once_and_is_neither_good_nor_bad(aws: Aws, faults: Faults, checks: list[dict[str, Any]]) -> None:
    subject = account(aws, *checks)
    if checks[0]["path"] == "there":
        faults.add(service="ssm", latency=8)
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    began = time.monotonic()
    (result,) = verify(subject, stop=stop)
    assert time.monotonic() - began < 2
    assert (result.ok, result.attempts) == (None, 1)
    assert not passed((result,))
    assert failed((result,)) == ()


def test_what_had_ended_before_the_stop_keeps_its_result(aws: Aws) -> None:
    stop = threading.Event()
    results = verify(
        account(aws, {**MISSING, "attempts": 1}, {**MISSING, "path": "other", "wait_seconds": 300}), stop=stop, ended=lambda _: stop.set()
    )
    assert [result.ok for result in results] == [False, None]


def test_stopped_before_it_began_nothing_is_asked(aws: Aws) -> None:
    stop = threading.Event()
    stop.set()
    (result,) = verify(account(aws, OK), stop=stop)
    assert (result.ok, result.attempts) == (None, 0)


# Permissions and the network


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        pytest.param(
            {"error": "AccessDeniedException", "status": 400, "message": "User: ann is not authorized to perform: ssm:GetParameter"},
            "ann: may not ssm:GetParameter; AWS says: User: ann is not authorized to perform: ssm:GetParameter",
            id="denied",
        ),
        pytest.param({"error": "ExpiredTokenException", "status": 400}, "credentials: they have expired", id="expired"),
    ],
)
def test_what_may_not_be_looked_at_has_failed_with_awss_reason(aws: Aws, faults: Faults, rule: dict[str, Any], reason: str) -> None:
    subject = account(aws, OK)
    faults.add(service="ssm", **rule)
    (result,) = verify(subject)
    assert result.ok is False
    assert reason in result.reason


def test_an_environment_that_is_not_there_fails_its_checks(aws: Aws) -> None:
    (result,) = verify(account(aws, {"check": "outputs", "outputs": ["ApiUrl"], "attempts": 1}))
    assert (result.ok, result.reason) == (False, "stack tap-app-dev does not exist")


# Words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a\x1b[31mred\x07", r"a\x1b[31mred\x07", id="escape codes"),
        pytest.param("one\r\ntwo", "one\ntwo", id="lines"),
        pytest.param("key AKIAABCDEFGHIJKLMNOP here", "key *** here", id="access key"),
        pytest.param('{"password": "hunter2", "n": 1}', '{"password": ***, "n": 1}', id="json"),
        pytest.param("DB_PASSWORD=hunter2 x", "DB_PASSWORD=*** x", id="assignment"),
        pytest.param("Authorization: Bearer abcdefgh.ijk", "Authorization: Bearer ***", id="bearer"),
        pytest.param("postgres://ann:hunter2@db/x", "postgres://***@db/x", id="address"),
        pytest.param("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----", "***", id="key"),
        pytest.param("token count is fine", "token count is fine", id="a word alone"),
    ],
)
def test_outputs_are_fit_to_be_shown(text: str, shown: str) -> None:
    assert words.fit(text) == shown


@pytest.mark.parametrize(
    "text",
    ["x" * 100_000, "é" * 50_000, "\x1b" * 9_000, "-eyJ" * 30_000, "secret" * 20_000, "-----BEGIN PRIVATE KEY-----" * 5_000],
    ids=["one word", "wide", "escaped", "almost tokens", "almost secrets", "keys"],
)
def test_outputs_are_cut_and_take_no_time(text: str) -> None:
    began = time.monotonic()
    assert len(words.fit(text).encode()) <= words.MOST_BYTES + 10
    assert time.monotonic() - began < 1


# An HTTP server that is not as it should be


class Odd(http.server.BaseHTTPRequestHandler):
    """Answers what the path says; remembers who was asked for."""

    hosts: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.hosts.append(self.headers["Host"])
        if self.path.endswith("/away"):
            self.send_response(302)
            self.send_header("Location", "https://elsewhere.example/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path.endswith("/hang"):
            time.sleep(5)
        self.send_response(200)
        self.send_header("Content-Length", "900000" if self.path.endswith("/short") else "2")
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):
            self.wfile.write(b"ok")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def odd() -> Iterator[str]:
    Odd.hosts.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Odd)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


URL = "https://a1b2c3d4.execute-api.us-east-1.amazonaws.com/live"


def test_where_an_endpoint_is_given_the_request_goes_there_for_the_apis_own_address(odd: str) -> None:
    answer = http_check.get(f"{URL}/health", odd, 5)
    assert (answer.status, answer.body, Odd.hosts) == (200, b"ok", ["a1b2c3d4.execute-api.us-east-1.amazonaws.com"])


def test_nobody_is_sent_elsewhere(odd: str) -> None:
    answer = http_check.get(f"{URL}/away", odd, 5)
    assert (answer.status, answer.location, len(Odd.hosts)) == (302, "https://elsewhere.example/", 1)


def test_an_answer_that_breaks_off_is_what_came_of_it(odd: str) -> None:
    assert http_check.get(f"{URL}/short", odd, 1).body == b"ok"


def closed_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.parametrize(
    ("url", "endpoint", "reason"),
    [
        pytest.param(f"{URL}/hang", lambda odd: odd, "does not answer: timed out", id="hung"),
        pytest.param(f"{URL}/health", lambda odd: closed_port(), "does not answer: ", id="nobody"),
        pytest.param("http://plain.example/live/health", lambda odd: odd, "it must begin with https", id="no TLS"),
        pytest.param("file:///etc/passwd", lambda odd: None, "it must begin with https", id="a file"),
    ],
)
def test_nobody_who_answers_is_a_failure(odd: str, url: str, endpoint: Callable[[str], str | None], reason: str) -> None:
    with pytest.raises(NotVerified, match=reason):
        http_check.get(url, endpoint(odd), 0.3)


def test_a_certificate_is_verified(odd: str) -> None:
    """A server that speaks no TLS, or has no certificate of a known authority, is nobody."""
    with pytest.raises(NotVerified, match="does not answer"):
        http_check.get(f"{URL}/health", odd.replace("http://", "https://"), 2)


def test_results_can_be_kept(aws: Aws) -> None:
    """As the ledger has them."""
    results = verify(account(aws, OK, {**MISSING, "attempts": 1}))
    assert msgspec.json.decode(msgspec.json.encode(results), type=tuple[CheckResult, ...]) == results
    assert contract.VERSION == 1
