"""The command `config` on a small platform: what is in force, what is refused, who wins, and what is remembered."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from deploy import configuring, lock
from deploy.account import Account
from deploy.commands.options import Common
from deploy.console import console
from deploy.errors import Conflict
from deploy.manifest import Setting
from deploy.record import Record
from tests.deploy.world import Answer, World, credentials, parameter
from tests.local.conftest import REGION, Faults

SETTINGS = (
    Setting(name="accept-writes", type="switch", default="on", description="off refuses writes"),
    Setting(name="api-key", type="secret", description="of the partner's API"),
    Setting(name="greeting", type="text", default="hello", description="what is said first", pattern="[a-z ]+"),
    Setting(name="level", type="text", default="INFO", description="how much is logged", choices=("DEBUG", "INFO")),
    Setting(name="page-limit", type="number", default="50", description="items of one answer", minimum=1, maximum=1000),
    Setting(name="regions", type="list", default="east,west", description="where it is shown"),
    Setting(name="title", type="text", default="hello", description="of the page"),
)
SET = "/tap/dev/config/set"


@pytest.fixture
def configured(world: World) -> World:
    """The defaults stand in Parameter Store, as the service `parameters` leaves them there."""
    world.settings = SETTINGS
    world.values["runtime.cache_seconds"] = 30
    world.ready().build()
    for one in SETTINGS:
        if one.default:
            world.aws.client("ssm").put_parameter(Name=f"/tap/dev/config/{one.name}", Value=one.default, Type="String")
    return world


def value(world: World, name: str) -> dict[str, Any]:
    answer = world.run("config", "get", "dev", name, "--format", "json")
    assert answer.code == 0, answer.err
    found: dict[str, Any] = answer.json
    return found


def put(world: World, name: str, text: str, *more: str) -> Answer:
    return world.run("config", "set", "dev", name, text, *more)


def past_it(world: World, name: str, text: str, **more: Any) -> int:
    """What a person does in the console."""
    given = {"Type": "String", "Overwrite": True, **more}
    return int(world.aws.client("ssm").put_parameter(Name=f"{SET}/{name}", Value=text, **given)["Version"])


def stored(world: World, name: str) -> dict[str, Any] | None:
    ssm = world.aws.client("ssm")
    try:
        found: dict[str, Any] = ssm.get_parameter(Name=f"{SET}/{name}", WithDecryption=True)["Parameter"]
    except ssm.exceptions.ParameterNotFound:
        return None
    return found


@contextmanager
def typed(text: str) -> Iterator[None]:
    """Standard input, as a pipe gives it."""
    before, sys.stdin = sys.stdin, io.StringIO(text)
    try:
        yield
    finally:
        sys.stdin = before


@pytest.mark.row("R25")
def test_a_value_is_set_and_shown_with_who_and_when_and_unset_again(configured: World) -> None:
    done = put(configured, "page-limit", " 20 ", "--reason", "the mobile app")
    assert done.code == 0, done.err
    assert "page-limit of dev: 50 -> 20" in done.err
    assert "within 30 s" in done.err
    now = value(configured, "page-limit")
    assert (now["value"], now["default"], now["version"]) == ("20", "50", 1)
    assert now["by"].endswith(":root")
    assert datetime.now(UTC) - datetime.fromisoformat(now["at"]) < timedelta(minutes=5)
    again = configured.run("config", "unset", "dev", "page-limit")
    assert again.code == 0, again.err
    assert "20 -> 50" in again.err
    assert stored(configured, "page-limit") is None
    assert value(configured, "page-limit")["value"] == "50"


def test_what_stands_so_already_is_not_written_again(configured: World) -> None:
    assert put(configured, "page-limit", "20").code == 0
    again = put(configured, "page-limit", "20")
    assert (again.code, again.out) == (0, "dev: page-limit is 20 already; nothing to do\n")
    assert stored(configured, "page-limit")["Version"] == 1  # type: ignore[index]
    assert configured.run("config", "unset", "dev", "level").out == "dev: level is not set; nothing to do\n"


def test_the_default_itself_can_be_held_on_to(configured: World) -> None:
    """Then a deployment that changes the default does not change what is in force."""
    assert put(configured, "page-limit", "50").code == 0
    assert stored(configured, "page-limit")


def test_the_list_shows_everything_and_what_nobody_knows(configured: World) -> None:
    put(configured, "regions", "north")
    past_it(configured, "page-limit", "many")
    past_it(configured, "page-limits", "7")
    found = configured.run("config", "list", "dev", "--format", "json").json
    rows = {one["name"]: one for one in found["values"]}
    assert list(rows) == [one.name for one in SETTINGS]
    assert (rows["regions"]["value"], rows["regions"]["default"]) == ("north", "east,west")
    assert rows["page-limit"]["problem"] == "expected a whole number from 1 to 1000"
    assert (rows["api-key"]["value"], rows["level"]["version"]) == ("", 0)
    assert found["strangers"] == ["page-limits"]
    told = configured.run("config", "list", "dev").out
    assert "the functions refuse it, expected a whole number from 1 to 1000" in told
    assert "! page-limits is set, and this build has no such setting" in told


BAD: dict[str, tuple[tuple[str, ...], int, str]] = {
    "unknown name": (("set", "dev", "page-limits", "20"), 2, "did you mean page-limit?"),
    "unlike any name": (("get", "dev", "zzz"), 2, "there are accept-writes, api-key"),
    "unknown name of the history": (("history", "dev", "levle"), 2, "did you mean level?"),
    "wrong type": (("set", "dev", "page-limit", "many"), 2, "expected a whole number from 1 to 1000"),
    "out of range": (("set", "dev", "page-limit", "1001"), 2, "expected a whole number from 1 to 1000"),
    "not a switch": (("set", "dev", "accept-writes", "maybe"), 2, "expected on or off"),
    "no choice": (("set", "dev", "level", "LOUD"), 2, "expected one of DEBUG, INFO"),
    "against the pattern": (("set", "dev", "greeting", "Hello"), 2, "expected a text that matches [a-z ]+"),
    "an empty item": (("set", "dev", "regions", "east,,west"), 2, "expected a list"),
    "nothing": (("set", "dev", "title", "  "), 2, "1 to 1024 characters"),
    "too long": (("set", "dev", "title", "x" * 1025), 2, "1 to 1024 characters"),
    "several lines": (("set", "dev", "title", "one\ntwo"), 2, "a value is one line"),
    "what Parameter Store refuses": (("set", "dev", "title", "{{x}}"), 2, "without {{"),
    "no value": (("set", "dev", "title"), 2, "no value is given"),
    "a key of AWS": (("set", "dev", "title", "AKIA" + "ABCDEFGHIJKLMNOP"), 4, "looks like a secret (not shown)"),
    "a secret in the open": (("set", "dev", "api-key", "hunter2"), 4, "--secure reads it from standard input"),
    "a secret on the command line": (("set", "dev", "api-key", "hunter2", "--secure"), 2, "not from the command line"),
    "no secret": (("set", "dev", "title", "--secure"), 2, "title is a text, not a secret"),
    "another account's secret": (
        ("set", "dev", "api-key", f"arn:aws:secretsmanager:{REGION}:999999999999:secret:partner-AbCdEf"),
        2,
        "of account 999999999999",
    ),
    "stale version": (("set", "dev", "page-limit", "20", "--expect", "3"), 6, "it is not at version 3: nobody has it set"),
    "stale version of unset": (("unset", "dev", "page-limit", "--expect", "3"), 6, "it is not at version 3"),
    "no version": (("set", "dev", "page-limit", "20", "--expect", "-1"), 2, "--expect"),
    "a reason too long": (("set", "dev", "page-limit", "20", "--reason", "x" * 300), 2, "256 characters at most"),
    "a secret as the reason": (("set", "dev", "page-limit", "20", "--reason", "AKIA" + "ABCDEFGHIJKLMNOP"), 4, "looks like a secret"),
    "unknown environment": (("list", "nope"), 2, "built are dev"),
    "unknown environment to compare": (("diff", "dev", "nope"), 2, "built are dev"),
}


@pytest.mark.row("R25")
def test_every_bad_input_is_refused_with_a_reason_and_changes_nothing(configured: World) -> None:
    """One platform for all of them: none of them touches it."""
    for case, (arguments, code, words) in BAD.items():
        with typed("a secret"):
            answer = configured.run("config", *arguments)
        assert (answer.code, words in answer.err) == (code, True), (case, answer)
        assert "hunter2" not in answer.out + answer.err, case
    pages = configured.aws.client("ssm").get_parameters_by_path(Path=SET)
    assert pages["Parameters"] == []
    assert configured.run("config", "history", "dev", "--format", "json").json["changes"] == []


def test_where_nothing_is_deployed_nothing_is_set(world: World) -> None:
    world.settings = SETTINGS
    world.ready().build()
    for arguments in (("list", "dev"), ("set", "dev", "page-limit", "20"), ("get", "dev", "page-limit")):
        answer = world.run("config", *arguments)
        assert answer.code == 6
        assert "deploy it first: python -m deploy up dev" in answer.err


def test_a_setting_that_is_built_and_not_deployed_is_told(configured: World) -> None:
    configured.settings = (*SETTINGS, Setting(name="new-one", type="switch", default="on", description="new"))
    configured.build()
    answer = configured.run("config", "set", "dev", "new-one", "off")
    assert (answer.code, "this build has new-one, and what is deployed has not" in answer.err) == (6, True)


@pytest.mark.row("R25")
def test_a_secret_is_kept_encrypted_and_never_shown_or_recorded(configured: World) -> None:
    with typed("hush-hush\n"):
        done = configured.run("config", "set", "dev", "api-key", "--secure")
    assert done.code == 0, done.err
    found = stored(configured, "api-key")
    assert found
    assert (found["Type"], found["Value"]) == ("SecureString", "hush-hush")
    told = [done.out, done.err]
    for arguments in (("get", "dev", "api-key"), ("list", "dev"), ("history", "dev"), ("history", "dev", "--format", "json")):
        answer = configured.run("config", *arguments)
        told += [answer.out, answer.err]
        assert "***" in answer.out
    s3 = configured.aws.client("s3")
    for one in s3.list_objects_v2(Bucket=configured.bucket, Prefix="ledger/config/")["Contents"]:
        told.append(s3.get_object(Bucket=configured.bucket, Key=one["Key"])["Body"].read().decode())
    assert not [text for text in told if "hush" in text]


def test_from_one_form_of_a_secret_to_the_other_it_is_unset_first(configured: World, faults: Faults) -> None:
    """The local AWS would change the type; AWS refuses."""
    arn = f"arn:aws:secretsmanager:{REGION}:{configured.aws.account}:secret:partner-AbCdEf"
    assert put(configured, "api-key", arn).code == 0
    faults.add(service="ssm", action="PutParameter", error="HierarchyTypeMismatch", times=1)
    with typed("hush"):
        done = configured.run("config", "set", "dev", "api-key", "--secure")
    assert (done.code, "it is a plain text, and AWS keeps a parameter's type" in done.err) == (6, True)
    assert changes(configured)[0]["outcome"] == "refused"


def test_a_reference_to_a_secret_is_shown(configured: World) -> None:
    arn = f"arn:aws:secretsmanager:{REGION}:{configured.aws.account}:secret:partner-AbCdEf"
    assert put(configured, "api-key", arn).code == 0
    assert value(configured, "api-key")["value"] == arn


def test_a_secret_that_somebody_put_where_none_belongs_is_hidden(configured: World) -> None:
    key = "AKIA" + "ABCDEFGHIJKLMNOP"
    past_it(configured, "title", key)
    for arguments in (("get", "dev", "title"), ("list", "dev"), ("history", "dev")):
        assert key not in configured.run("config", *arguments).out


@pytest.mark.row("R25")
def test_in_a_protected_environment_a_person_is_asked(world: World) -> None:
    world.protected = True
    world.settings = SETTINGS[:1]
    world.ready().build()
    world.aws.client("ssm").put_parameter(Name="/tap/dev/config/accept-writes", Value="on", Type="String")
    answer = put(world, "accept-writes", "off")
    assert (answer.code, "nobody can be asked here" in answer.err) == (4, True)
    assert stored(world, "accept-writes") is None
    assert put(world, "accept-writes", "off", "--yes").code == 0


@pytest.mark.row("R25")
def test_the_history_has_what_the_command_did_and_what_was_done_past_it(configured: World) -> None:
    put(configured, "page-limit", "20", "--reason", "the mobile app")
    put(configured, "page-limit", "30")
    # The console keeps the description, and with it the mark of the command.
    description = configured.aws.client("ssm").get_parameter_history(Name=f"{SET}/page-limit")["Parameters"][-1]["Description"]
    past_it(configured, "page-limit", "40", Description=description)
    put(configured, "level", "DEBUG")
    configured.run("config", "unset", "dev", "page-limit", "--reason", "done")
    put(configured, "page-limit", "60")
    past_it(configured, "page-limit", "70", Description="by hand")
    rows = configured.run("config", "history", "dev", "page-limit", "--format", "json").json["changes"]
    told = [(row["before"], row["after"], row["version"], row["source"], row["reason"]) for row in rows]
    # With the parameter its history was deleted: what was set past the command before that is known to nobody but `before`.
    assert told == [
        ("60", "70", 2, "Parameter Store", ""),
        ("50", "60", 1, "ledger", ""),
        ("40", "50", 0, "ledger", "done"),
        ("20", "30", 2, "ledger", ""),
        ("50", "20", 1, "ledger", "the mobile app"),
    ]
    everything = configured.run("config", "history", "dev", "--format", "json").json["changes"]
    assert len(everything) == 6
    assert len(configured.run("config", "history", "dev", "--limit", "2", "--format", "json").json["changes"]) == 2
    told_all = configured.run("history", "dev").out
    assert "page-limit 20 -> 30 (version 2)" in told_all
    assert "config unset" in told_all


def test_a_change_past_the_command_that_keeps_its_mark_is_told_from_it(configured: World) -> None:
    put(configured, "page-limit", "20")
    description = configured.aws.client("ssm").get_parameter_history(Name=f"{SET}/page-limit")["Parameters"][-1]["Description"]
    past_it(configured, "page-limit", "40", Description=description)
    rows = configured.run("config", "history", "dev", "page-limit", "--format", "json").json["changes"]
    assert [(row["after"], row["source"]) for row in rows] == [("40", "Parameter Store"), ("20", "ledger")]


@pytest.mark.row("R25")
def test_a_change_does_not_wait_for_a_deployment_but_says_that_one_runs(configured: World) -> None:
    with credentials(configured.aws.account):
        store = account(configured).store("deploy", REGION)
        held = lock.acquire(store, operation="f" * 64, verb="apply", by="arn:aws:iam::1:user/ann", host="laptop")
    done = put(configured, "page-limit", "20")
    assert done.code == 0, done.err
    assert "an operation runs here" in done.err
    assert "arn:aws:iam::1:user/ann" in done.err
    with credentials(configured.aws.account):
        held.release()
    assert "an operation runs here" not in put(configured, "page-limit", "30").err


@pytest.mark.row("R25")
def test_a_deployment_overwrites_nothing_that_an_operator_set(world: World) -> None:
    world.settings = (SETTINGS[4],)
    for default in ("50", "100"):
        world.services["settings"] = {"Resources": {"Limit": parameter(default, "/tap/dev/config/page-limit")}}
        if default == "50":
            world.deployed()
            assert put(world, "page-limit", "20").code == 0
    assert world.build().up().code == 0
    now = value(world, "page-limit")
    assert (now["value"], now["default"], now["version"]) == ("20", "100", 1)
    assert world.run("config", "unset", "dev", "page-limit").code == 0
    assert value(world, "page-limit")["value"] == "100"


def account(world: World) -> Account:
    """As the command makes it."""
    return Common(local=False, profile=None, endpoint_url=world.aws.url, format="text", debug=False, build=world.folder).account("dev")


def proposed(world: World, text: str | None) -> tuple[Account, configuring.Proposed]:
    with credentials(world.aws.account):
        of = account(world)
        return of, configuring.propose(of, "page-limit", text)


def carried_out(world: World, made: tuple[Account, configuring.Proposed], reached: Callable[[str], None] = lambda point: None) -> Record:
    with credentials(world.aws.account):
        return configuring.carry_out(*made, console("text", stderr=io.StringIO()), reached)


def changes(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.run("config", "history", "dev", "--format", "json").json["changes"]
    return found


@pytest.mark.row("R25")
@pytest.mark.parametrize("text", ["30", None], ids=["set", "unset"])
def test_what_was_changed_while_a_person_was_asked_is_not_overwritten(configured: World, text: str | None) -> None:
    put(configured, "page-limit", "20")
    made = proposed(configured, text)
    past_it(configured, "page-limit", "25")
    with pytest.raises(Conflict, match="was changed since it was shown: version 2, 25, by"):
        carried_out(configured, made)
    assert stored(configured, "page-limit")["Value"] == "25"  # type: ignore[index]
    assert len(changes(configured)) == 2


@pytest.mark.row("R25")
def test_who_comes_second_to_set_a_value_for_the_first_time_is_refused(configured: World) -> None:
    made = proposed(configured, "20")

    def meanwhile(point: str) -> None:
        past_it(configured, "page-limit", "25")

    with pytest.raises(Conflict, match="it was set at the same moment: version 1, 25, by"):
        carried_out(configured, made, meanwhile)
    assert stored(configured, "page-limit")["Value"] == "25"  # type: ignore[index]
    newest = changes(configured)[0]
    assert (newest["outcome"], newest["source"]) == ("refused", "ledger")


@pytest.mark.row("R25")
def test_who_overwrites_another_in_the_same_moment_is_told_so(configured: World) -> None:
    """Parameter Store has no condition on a write, so this cannot be prevented, only seen."""
    put(configured, "page-limit", "20")
    made = proposed(configured, "30")

    def meanwhile(point: str) -> None:
        past_it(configured, "page-limit", "25")

    with pytest.raises(Conflict, match=r"set it \(version 2\) at the same moment; this change came last and is in force, as version 3"):
        carried_out(configured, made, meanwhile)
    assert stored(configured, "page-limit")["Value"] == "30"  # type: ignore[index]
    assert {(row["after"], row["source"]) for row in changes(configured)} >= {("30", "ledger"), ("20", "ledger")}


def test_who_sets_what_another_has_unset_in_the_same_moment_is_told_so(configured: World) -> None:
    put(configured, "page-limit", "20")
    put(configured, "page-limit", "21")
    made = proposed(configured, "30")

    def gone(point: str) -> None:
        configured.aws.client("ssm").delete_parameter(Name=f"{SET}/page-limit")

    with pytest.raises(Conflict, match="somebody unset it at the same moment; this change came last and is in force, as version 1"):
        carried_out(configured, made, gone)


@pytest.mark.row("R25")
@pytest.mark.parametrize("first", [True, False])
def test_a_lost_answer_is_no_conflict_with_oneself(configured: World, faults: Faults, first: bool) -> None:
    if not first:
        put(configured, "page-limit", "20")
    faults.add(service="ssm", action="PutParameter", drop="answer", times=1)
    done = put(configured, "page-limit", "30")
    assert done.code == 0, done.err
    assert value(configured, "page-limit")["value"] == "30"
    assert changes(configured)[0]["after"] == "30"


@pytest.mark.row("R25")
def test_who_is_killed_leaves_a_record_that_it_began(configured: World) -> None:
    def killed(point: str) -> None:
        raise KeyboardInterrupt(point)

    with pytest.raises(KeyboardInterrupt, match="recorded"):
        carried_out(configured, proposed(configured, "20"), killed)
    assert [(row["after"], row["outcome"]) for row in changes(configured)] == [("20", "unknown")]
    assert put(configured, "page-limit", "20").code == 0


def test_two_environments_are_compared_by_what_is_in_force(configured: World) -> None:
    other = configured.folder / "staging"
    other.mkdir()
    manifest = msgspec.json.decode((configured.folder / "dev" / "manifest.json").read_bytes())
    manifest |= {"environment": "staging", "parameters": "/tap/staging"}
    (other / "manifest.json").write_bytes(json.dumps(manifest).encode())
    ssm = configured.aws.client("ssm")
    for one in SETTINGS:
        if one.default:
            ssm.put_parameter(Name=f"/tap/staging/config/{one.name}", Value=one.default, Type="String")
    compare = ("config", "diff", "dev", "staging")
    assert configured.run(*compare, "--detailed-exitcode").out == "dev and staging have the same in force\n"
    put(configured, "page-limit", "20")
    put(configured, "level", "INFO")
    found = configured.run(*compare, "--detailed-exitcode")
    assert found.code == 3
    assert "20 (set by" in found.out
    assert "50 (default)" in found.out
    rows = configured.run(*compare, "--format", "json").json["differences"]
    assert [row["name"] for row in rows] == ["page-limit"]
