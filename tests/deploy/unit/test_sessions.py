"""Whose credentials sign which request: the caller's own, each task's role, and what happens when they end."""

from __future__ import annotations

import dataclasses
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.aws.api import MOST_AT_ONCE
from deploy.aws.sessions import SESSION_SECONDS, Sessions, Target, Task, session_name
from deploy.errors import CredentialsExpired, Denied, DeployError, Invalid
from tests.deploy.unit.fakes import Reply, answer_with

REGION = "us-east-1"
TARGET = Target(
    account="222222222222",
    roles={"publish": "tap-publish", "plan": "tap-plan", "deploy": "tap-deploy", "gc": "tap-gc"},
    external_id="tap-outside",
)
TASKS: tuple[Task, ...] = ("publish", "plan", "deploy", "gc")
DENIED = Reply(status=403, body="<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized</Message></Error></ErrorResponse>")
EXPIRED = Reply(
    status=403,
    body="<ErrorResponse><Error><Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error></ErrorResponse>",
)


@dataclass
class Sts:
    """AssumeRole that answers at once. ``lasts``: seconds that each session lasts, or the error that is answered instead."""

    lasts: Iterator[float | Reply]
    asked: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, request: Any) -> Reply:
        body = request.body if isinstance(request.body, str) else bytes(request.body).decode()
        self.asked.append({key: values[0] for key, values in parse_qs(body).items()})
        said = next(self.lasts)
        if isinstance(said, Reply):
            return said
        until = (datetime.now(UTC) + timedelta(seconds=said)).strftime("%Y-%m-%dT%H:%M:%SZ")
        keys = f"<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>token-{len(self.asked)}</SessionToken>"
        made = f"<Credentials>{keys}<Expiration>{until}</Expiration></Credentials>"
        return Reply(body=f"<AssumeRoleResponse><AssumeRoleResult>{made}</AssumeRoleResult></AssumeRoleResponse>")


@pytest.fixture
def begin() -> Callable[..., tuple[Sessions, Sts]]:
    def made(*lasts: float | Reply, who: str = "ann") -> tuple[Sessions, Sts]:
        sessions, sts = Sessions(keys=("AKIA", "secret"), who=who), Sts(iter(lasts))
        answer_with(sessions.own("sts", REGION), sts)
        return sessions, sts

    return made


Begin = Callable[..., tuple[Sessions, Sts]]


def tokens(sessions: Sessions, task: Task, requests: int, service: str = "cloudformation") -> list[str]:
    """The session token of each of so many requests by a task's role."""
    seen: list[str] = []
    api = sessions.role(TARGET, task, service, REGION)

    def reply(request: Any) -> Reply:
        token = request.headers["X-Amz-Security-Token"]
        seen.append(token.decode() if isinstance(token, bytes) else token)
        return Reply(body="<DescribeStacksResponse><DescribeStacksResult/></DescribeStacksResponse>")

    answer_with(api, reply)
    for _ in range(requests):
        api("describe_stacks")
    return seen


@pytest.mark.parametrize("task", TASKS)
def test_each_task_assumes_its_own_role_with_the_external_id_and_who_asks(begin: Begin, task: Task) -> None:
    sessions, sts = begin(3600)
    assert tokens(sessions, task, 2) == ["token-1", "token-1"]
    (asked,) = sts.asked
    assert asked["Action"] == "AssumeRole"
    assert asked["RoleArn"] == f"arn:aws:iam::222222222222:role/tap-{task}"
    assert asked["RoleSessionName"] == f"tapline-{task}-ann"
    assert asked["ExternalId"] == "tap-outside"
    assert asked["DurationSeconds"] == str(SESSION_SECONDS[task])


def test_a_role_is_assumed_once_for_all_services_and_another_task_has_another_one(begin: Begin) -> None:
    sessions, sts = begin(3600, 3600)
    tokens(sessions, "plan", 1)
    sessions.role(TARGET, "plan", "s3", REGION)
    sessions.role(TARGET, "plan", "cloudwatch", "eu-west-1")
    assert sessions.role(TARGET, "plan", "s3", REGION) is sessions.role(TARGET, "plan", "s3", REGION)
    assert len(sts.asked) == 1
    sessions.role(TARGET, "deploy", "s3", REGION)
    assert [asked["RoleArn"].rpartition("/")[2] for asked in sts.asked] == ["tap-plan", "tap-deploy"]


@pytest.mark.failure("credentials expire in mid-deployment")
def test_credentials_are_renewed_before_they_end(begin: Begin) -> None:
    sessions, sts = begin(30, 3600)
    assert tokens(sessions, "deploy", 3) == ["token-2", "token-2", "token-2"]
    assert len(sts.asked) == 2


@pytest.mark.failure("credentials expire in mid-deployment")
def test_they_are_renewed_well_before_they_end_and_go_on_serving_where_that_fails(begin: Begin) -> None:
    sessions, sts = begin(SESSION_SECONDS["deploy"] / 3 - 5, DENIED, 3600)
    assert tokens(sessions, "deploy", 2) == ["token-1", "token-3"]
    assert len(sts.asked) == 3


@pytest.mark.failure("credentials expire in mid-deployment")
def test_where_the_callers_own_have_ended_the_error_says_that_and_not_that_the_role_is_at_fault(begin: Begin) -> None:
    sessions, _ = begin(30, EXPIRED)
    with pytest.raises(CredentialsExpired, match="sign in again"):
        tokens(sessions, "deploy", 1)


@pytest.mark.failure("KMS or IAM denied")
def test_a_role_that_cannot_be_assumed_is_named_with_what_its_trust_needs(begin: Begin) -> None:
    sessions, _ = begin(DENIED)
    with pytest.raises(Denied, match="role/tap-plan: it cannot be assumed") as caught:
        sessions.role(TARGET, "plan", "cloudformation", REGION)
    assert caught.value.code == 5
    assert "trust.roles" in caught.value.remedy
    assert any("not authorized" in line for line in caught.value.details), "AWS's own words stay"


ANSWER = (
    "<AssumeRoleResponse><AssumeRoleResult><Credentials>{}<Expiration>{}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
)
KEYS = "<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"


@dataclass
class Meeting:
    """AssumeRole that answers once so many roles are being assumed at the same time; ``lasts``: seconds that the sessions last."""

    together: threading.Barrier
    lasts: float = 3600
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: Any) -> Reply:
        body = request.body if isinstance(request.body, str) else bytes(request.body).decode()
        self.asked.append(parse_qs(body)["RoleArn"][0])
        self.together.wait()
        until = (datetime.now(UTC) + timedelta(seconds=self.lasts)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Reply(body=ANSWER.format(KEYS, until))


def in_account(number: int) -> Target:
    return dataclasses.replace(TARGET, account=f"{number:012}")


def test_roles_of_different_accounts_are_assumed_side_by_side_and_each_once() -> None:
    """Sixty-four askers of eight accounts, in two services; none of the eight is answered before all are asked for."""
    sessions, meeting = Sessions(keys=("AKIA", "secret")), Meeting(threading.Barrier(8, timeout=30))
    answer_with(sessions.own("sts", REGION), meeting)
    asked = [(number % 8, ("cloudformation", "iam")[number // 8 % 2]) for number in range(64)]
    with ThreadPoolExecutor(64) as pool:
        clients = list(pool.map(lambda one: sessions.role(in_account(one[0]), "plan", one[1], REGION), asked))
    assert sorted(meeting.asked) == [in_account(number).arn("plan") for number in range(8)]
    assert len({id(client) for client in clients}) == 16, "one client a role and service"


def test_a_role_that_is_forgotten_while_others_ask_for_it_is_whole_for_each_of_them() -> None:
    sessions, meeting = Sessions(keys=("AKIA", "secret")), Meeting(threading.Barrier(1))
    answer_with(sessions.own("sts", REGION), meeting)

    def asks(number: int) -> str:
        for _ in range(10):
            api = sessions.role(in_account(number % 2), "plan", "iam", REGION)
            sessions.forget(in_account(number % 2))
        return str(api.client._request_signer._credentials.access_key)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(asks, range(8))) == {"ASIA"}
    assert not sessions._turns, "locks go with those who wait for them"


@pytest.mark.failure("credentials expire in mid-deployment")
def test_as_many_requests_as_may_be_under_way_all_find_their_credentials_ended_and_none_waits_for_ever() -> None:
    sessions, meeting = Sessions(keys=("AKIA", "secret")), Meeting(threading.Barrier(1), lasts=30)
    answer_with(sessions.own("sts", REGION), meeting)
    api, at_work = sessions.role(TARGET, "plan", "cloudformation", REGION), threading.Barrier(MOST_AT_ONCE, timeout=30)
    # Each has its turn before any of them is signed, which is when credentials are looked at.
    api.client.meta.events.register_first("before-parameter-build.*", lambda **rest: at_work.wait() and None)
    answer_with(api, lambda request: Reply(body="<DescribeStacksResponse><DescribeStacksResult/></DescribeStacksResponse>"))
    meeting.lasts = 3600
    threads = [threading.Thread(target=lambda: api("describe_stacks"), daemon=True) for _ in range(MOST_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert not any(thread.is_alive() for thread in threads)
    assert len(meeting.asked) == 2


def test_in_another_partition_roles_have_its_name() -> None:
    target = Target(account="222222222222", roles={"plan": "tap-plan"}, external_id="x", partition="aws-cn")
    assert target.arn("plan") == "arn:aws-cn:iam::222222222222:role/tap-plan"


@pytest.fixture(scope="module")
def pattern() -> dict[str, Any]:
    """What STS allows, from botocore's model."""
    sts: Any = boto3.client("sts", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")
    shape = sts.meta.service_model.operation_model("AssumeRole").input_shape.members["RoleSessionName"]
    return dict(shape.metadata) | {"pattern": r"[\w+=,.@-]*"}


@given(who=st.text(max_size=90), task=st.sampled_from(TASKS))
def test_a_session_name_is_one_that_sts_takes_whoever_asks(pattern: dict[str, Any], who: str, task: Task) -> None:
    """API reference, AssumeRole: word characters are ASCII's, though Python's own are not."""
    name = session_name(task, who)
    assert re.fullmatch(pattern["pattern"], name, re.ASCII)
    assert pattern["min"] <= len(name) <= pattern["max"] == 64


def test_a_name_that_sts_takes_stays_readable() -> None:
    assert session_name("plan", r"ACME\Jürgen Groß") == "tapline-plan-ACME-J-rgen-Gro-"


def test_all_sessions_share_one_loader_of_models(begin: Begin) -> None:
    sessions, _ = begin(3600, 3600)
    for task in ("plan", "deploy"):
        sessions.role(TARGET, task, "cloudformation", REGION)
    made: list[Any] = list(sessions._sessions.values())
    assert len(made) == 3
    assert len({id(session._session.get_component("data_loader")) for session in made}) == 1


def test_all_clients_count_together(begin: Begin) -> None:
    sessions, _ = begin(3600)
    tokens(sessions, "plan", 2)
    assert dict(sessions.calls.counts) == {"sts:AssumeRole": 1, "cloudformation:DescribeStacks": 2}


IDENTITY = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/ann</Arn><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"


def identified(skew: float) -> Sessions:
    sessions = Sessions(keys=("AKIA", "secret"))
    date = format_datetime(datetime.now(UTC) - timedelta(seconds=skew), usegmt=True)
    answer_with(sessions.own("sts", REGION), lambda request: Reply(body=IDENTITY, headers={"Date": date}))
    return sessions


def test_the_caller_is_known_by_account_and_arn() -> None:
    caller = identified(0).caller(REGION)
    assert (caller.account, caller.arn) == ("1", "arn:aws:iam::1:user/ann")


@pytest.mark.failure("clock skew")
@pytest.mark.parametrize(("skew", "side"), [(400, "ahead of"), (-400, "behind")], ids=["ahead", "behind"])
def test_a_clock_that_is_off_is_said_although_aws_still_answers(skew: float, side: str) -> None:
    with pytest.raises(Denied, match=rf"this clock is (399|400|401) s {side} AWS's"):
        identified(skew).caller(REGION)


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with one profile, ``good``, and no credentials elsewhere."""
    (tmp_path / "config").write_text("[profile good]\nregion = eu-west-1\n[profile bare]\n")
    (tmp_path / "credentials").write_text("[good]\naws_access_key_id = AKIAGOOD\naws_secret_access_key = s\n")
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("profile", "kind", "exit_code", "word"),
    [
        pytest.param("gone", Invalid, 2, "gone", id="no such profile"),
        pytest.param("bare", Denied, 5, "there are none", id="a profile without credentials"),
        pytest.param(None, Denied, 5, "there are none", id="no credentials at all"),
    ],
)
def test_credentials_that_are_not_there_are_said_before_anything_is_asked(
    profile: str | None, kind: type[DeployError], exit_code: int, word: str
) -> None:
    with pytest.raises(kind, match=word) as caught:
        Sessions(profile=profile).caller(REGION)
    assert caught.value.code == exit_code


@pytest.mark.usefixtures("configured")
def test_a_given_profile_wins_over_the_environments_for_roles_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "gone")
    sessions = Sessions(profile="good")
    sts = Sts(iter([3600.0]))
    answer_with(sessions.own("sts", REGION), sts)
    assert tokens(sessions, "plan", 1) == ["token-1"]


def test_the_endpoint_holds_for_every_client(begin: Begin) -> None:
    sessions = Sessions(keys=("AKIA", "secret"), endpoint="http://127.0.0.1:9")
    assert sessions.own("s3", REGION).client.meta.endpoint_url == "http://127.0.0.1:9"
