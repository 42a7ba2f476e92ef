"""Every way in which an environment file can be wrong is refused: file, line, key, what was expected, all at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import env

Edit = Callable[[str, str, str], Path]

MEMORY = "memory: 512"

# (file, text, replacement, what the message says after the file's name)
CHANGES = {
    "unknown key": ("dev", MEMORY, f"{MEMORY}\n  colour: red", ":14:3: lambda.colour: unknown key: known here: "),
    "misspelt key": ("dev", MEMORY, "memroy: 512", ":13:3: lambda.memroy: unknown key: did you mean memory?"),
    "missing key": ("dev", MEMORY, "# gone", ":12:1: lambda.memory: is missing: set it here"),
    "missing section": ("dev", "guard:\n  monitoring_minutes: 5\n", "", ":1:1: guard: is missing"),
    "duplicate key": ("dev", MEMORY, f"{MEMORY}\n  memory: 1024", ":14:3: lambda.memory: stands here twice, first in line 13: keep one"),
    "wrong type": ("dev", MEMORY, 'memory: "big"', ':13:3: lambda.memory: expected a whole number from 128 to 10240, found "big"'),
    "too small": ("dev", MEMORY, "memory: 64", ":13:3: lambda.memory: expected a whole number from 128 to 10240, found 64"),
    "too large": ("dev", MEMORY, "memory: 99999", ":13:3: lambda.memory: expected a whole number from 128 to 10240, found 99999"),
    "a fraction": ("dev", MEMORY, "memory: 512.5", ":13:3: lambda.memory: expected a whole number from 128 to 10240, found 512.5"),
    "not one of": ("dev", "nat_gateways: 0", "nat_gateways: 2", ":10:3: network.nat_gateways: expected one of 0, 1, 3, found 2"),
    "a list for a value": ("dev", MEMORY, "memory: [1]", "lambda.memory: expected a whole number from 128 to 10240, found a list of 1"),
    "a value for a section": ("dev", "guard:\n  monitoring_minutes: 5", "guard: 5", "guard: expected keys and values, found 5"),
    "nothing for a section": ("dev", "guard:\n  monitoring_minutes: 5", "guard:", "guard: expected keys and values, found nothing"),
    "tab": ("dev", f"  {MEMORY}", f"\t{MEMORY}", ":13:1: tab in the indentation: use spaces"),
    "second document": ("dev", "guard:", "---\nguard:", "a second document begins here"),
    "broken YAML": ("dev", "[10.10.0.0/22", "[[10.10.0.0/22", "is not YAML: "),
    "Python tag": ("dev", MEMORY, "memory: !!python/object:os.system 512", ":13:11: lambda.memory: tag tag:yaml.org,2002:python/object"),
    "own tag": ("dev", MEMORY, "memory: !Ref 512", ":13:11: lambda.memory: tag !Ref"),
    "alias": ("dev", MEMORY, "memory: *size", "alias *size: write the value itself"),
    "anchor": ("dev", MEMORY, "memory: &size 512", ":13:11: lambda.memory: anchor &size"),
    "merge key": ("dev", MEMORY, f"{MEMORY}\n  <<: {{memory: 1}}", "merge key <<: write the values themselves"),
    "directive": ("dev", "# yaml", "%YAML 1.1\n---\n# yaml", "YAML directive: leave it out"),
    "key that is no name": ("dev", MEMORY, f"{MEMORY}\n  1: 2", "key 1: a key must be a name"),
    "key that is a list": ("dev", MEMORY, f"{MEMORY}\n  ? [a]\n  : 2", "a key must be a plain name"),
    "unquoted account": ("dev", '"111111111111"', "111111111111", ':2:1: account: quote it: "111111111111"'),
    "octal account": ("dev", '"111111111111"', "012345670123", ':2:1: account: quote it: "012345670123"'),
    "account of 11 digits": (
        "dev",
        '"111111111111"',
        '"11111111111"',
        ':2:1: account: expected an AWS account id: 12 digits, in quotes, found "11111111111"',
    ),
    "no for a text": ("defaults", "owner: platform-team", "owner: no", ":5:1: owner: found no, which YAML reads as a boolean"),
    "off for a text": ("defaults", "owner: platform-team", "owner: off", ":5:1: owner: found off, which YAML reads as a boolean"),
    "a time for a text": (
        "defaults",
        "owner: platform-team",
        "owner: 1:30",
        ":5:1: owner: found 1:30, which YAML reads as a number of base 60",
    ),
    "a date for a text": (
        "defaults",
        "owner: platform-team",
        "owner: 2026-11-24",
        ":5:1: owner: found 2026-11-24, which YAML reads as a date",
    ),
    "hexadecimal": ("dev", MEMORY, "memory: 0x200", ":13:3: lambda.memory: found 0x200, which YAML reads as a number of base 8, 16 or 2"),
    "underscores": ("dev", MEMORY, "memory: 1_024", ":13:3: lambda.memory: found 1_024, which YAML reads as a number"),
    "infinity": ("dev", MEMORY, "memory: .inf", ":13:3: lambda.memory: found .inf, which YAML reads as infinity"),
    "substitution": ("defaults", "owner: platform-team", 'owner: "${AWS::AccountId}"', ":5:1: owner: holds ${ or {{resolve:"),
    "dynamic reference": ("defaults", "owner: platform-team", 'owner: "{{resolve:ssm:x}}"', ":5:1: owner: holds ${ or {{resolve:"),
    "varies not": ("dev", MEMORY, f"{MEMORY}\n  runtime: python3.13", ":14:3: lambda.runtime: is the same in every environment"),
    "varies not, whole section": ("dev", "guard:", "alarms:\n  errors: 9\nguard:", "alarms.errors: is the same in every environment"),
    "no default for": ("defaults", "project: tap", 'account: "555555555555"\nproject: tap', "account: has no default"),
    "what only the tools account sets": ("dev", "guard:", "trust: {}\nguard:", "trust: unknown key"),
    "own name": ("dev", "guard:", "name: prod\nguard:", "name: is set by the file's own name"),
    "unknown check": ("defaults", "check: http", "check: htp", "checks[1].check: expected one of alarms, http,"),
    "wrong key of a check": ("defaults", "path: /health", "pth: /health", "checks[1].pth: unknown key: did you mean path?"),
    "a tools value": ("tools", "o-exampleorg1", "org", ":7:3: trust.organization: expected a text: the AWS organization's id"),
    "a tools key": ("tools", "external_id", "external-id", "trust.external-id: unknown key: did you mean external_id?"),
    "subnet outside": (
        "dev",
        "10.10.64.0/19",
        "10.99.64.0/19",
        ":9:13: network.private[0]: 10.99.64.0/19 lies outside the VPC's 10.10.0.0/16",
    ),
    "subnets overlap": (
        "dev",
        "10.10.4.0/22",
        "10.10.0.0/22",
        ":8:26: network.public[1]: 10.10.0.0/22 overlaps 10.10.0.0/22 of network.public[0]",
    ),
    "VPCs overlap": ("dev", "cidr: 10.10.0.0/16", "cidr: 10.20.0.0/16", "network.cidr: overlaps the VPC of staging"),
    "no address block": ("dev", "10.10.0.0/22", "10.10.1.0/22", "network.public[0]: 10.10.1.0/22 is no address block"),
    "no address": ("dev", "10.10.0.0/22", "10.10.0.999/22", "network.public[0]: 10.10.0.999/22 is no address block"),
    "block too small": ("dev", "10.10.0.0/22", "10.10.0.0/30", "network.public[0]: 10.10.0.0/30: a VPC and its subnets take /16 to /28"),
    "transition at expiry": (
        "dev",
        "transition_days: null",
        "transition_days: 30",
        ":21:3: storage.transition_days: 30 days is not before expiry_days 30",
    ),
    "versions' transition": (
        "defaults",
        "noncurrent_days: 90",
        "noncurrent_days: 30",
        "storage.noncurrent_transition_days: 30 days is not before",
    ),
    "one account": ("dev", "111111111111", "222222222222", ":2:1: account: 222222222222 is the account of staging too"),
    "the tools account": ("dev", "111111111111", "444444444444", ":2:1: account: 444444444444 is the tools account's"),
    "concurrency": (
        "dev",
        "maximum_concurrency: 5",
        "maximum_concurrency: 11",
        "queue.maximum_concurrency: 11 is more than lambda.reserved_concurrency 10",
    ),
    "too much reserved": (
        "prod",
        "reserved_concurrency: 200",
        "reserved_concurrency: 500",
        "lambda.reserved_concurrency: 1001 over all functions",
    ),
    "region that is none": ("dev", "us-east-1", "us-east-9", ":3:1: region: us-east-9 is no region of AWS"),
    "region of another form": ("dev", "us-east-1", "useast", ':3:1: region: expected an AWS region, such as us-east-1, found "useast"'),
    "recovery at home": ("prod", "us-west-2", "us-east-1", "disaster_recovery.region: is the environment's own region us-east-1"),
    "recovery nowhere": ("prod", "us-west-2", "us-west-9", "disaster_recovery.region: us-west-9 is no region of AWS"),
    "burst under rate": ("dev", "throttle_burst: 200", "throttle_burst: 50", "api.throttle_burst: 50 is below throttle_rate 100"),
    "datapoints": (
        "defaults",
        "datapoints_to_alarm: 2",
        "datapoints_to_alarm: 9",
        "alarms.datapoints_to_alarm: 9 is more than evaluation_periods 3",
    ),
    "Cognito without pool": ("defaults", "AWS_IAM", "COGNITO_USER_POOLS", "api.user_pool: is missing: authorization COGNITO_USER_POOLS"),
    "pool without Cognito": (
        "defaults",
        "user_pool: null",
        "user_pool: us-east-1_abc",
        "api.user_pool: is set, but authorization is AWS_IAM",
    ),
    "number that is none": (
        "defaults",
        'default: "50"',
        'default: "many"',
        "runtime.settings.page-limit.default: expected a whole number in quotes",
    ),
    "switch that is none": (
        "defaults",
        'default: "on"',
        'default: "maybe"',
        'runtime.settings.accept-writes.default: expected "on" or "off"',
    ),
    "name too long": ("defaults", "project: tap", "project: averylongone", "make bucket names longer than 63 characters"),
}
# Only these need a longer name than the repository's environments have.
NEEDS_LONG_NAME = {"name too long"}


@pytest.mark.row("R02")
@pytest.mark.parametrize("case", CHANGES)
def test_a_wrong_file_is_refused_with_its_place_and_what_was_expected(env_dir: Path, edit: Edit, case: str) -> None:
    file, old, new, expected = CHANGES[case]
    changed = edit(file, old, new)
    if case in NEEDS_LONG_NAME:
        (env_dir / "dev.yaml").rename(env_dir / "a-rather-long-one.yaml")
    with pytest.raises(env.InvalidEnvironment) as refused:
        env.load(env_dir)
    text = str(refused.value)
    assert expected in text
    assert case in NEEDS_LONG_NAME or f"{changed.as_posix()}:" in text


WHOLE_FILES = {
    "empty": (b"", "is empty: expected keys and values"),
    "only a comment": (b"# nothing\n", "is empty"),
    "a list": (b"- a\n- b\n", "expected keys and values at the top, found a list"),
    "a text": (b"hello\n", "expected keys and values at the top, found a single value"),
    "a number": (b"12\n", "expected keys and values at the top, found a single number"),
    "binary": (b"\x00\x01\x02", "control character 0: this is no text file"),
    "not UTF-8": (b"name: caf\xe9\n", ":1:10: is not UTF-8 text: save the file as UTF-8"),
    "UTF-16": ("account: 1\n".encode("utf-16"), "is not UTF-8 text"),
    "too large": (b"a: " + b"x" * 2_000_000, "is larger than 256 KiB"),
    "nested for ever": (b"[" * 5_000, ":1:21: is nested deeper than 20 levels"),
    "nested mappings": (b"".join(b" " * n + b"a:\n" for n in range(300)), "is nested deeper than 20 levels"),
    "alias bomb": (
        b"a: &a [x, x]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (n + 1, n + 1, n, n) for n in range(97, 120)),
        "alias *a: write the value itself",
    ),
}


@pytest.mark.row("R02")
@pytest.mark.parametrize("case", WHOLE_FILES)
def test_a_file_that_holds_no_environment_is_refused_with_its_name(env_dir: Path, case: str) -> None:
    data, expected = WHOLE_FILES[case]
    (env_dir / "dev.yaml").write_bytes(data)
    with pytest.raises(env.InvalidEnvironment) as refused:
        env.load(env_dir)
    assert f"{env_dir.as_posix()}/dev.yaml:" in str(refused.value)
    assert expected in str(refused.value)


SECRETS = {
    "access key": "AKIAIOSFODNN7EXAMPLE",
    "temporary key": "ASIAIOSFODNN7EXAMPLE",
    "secret key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKE1",
    "private key": "-----BEGIN RSA PRIVATE KEY-----",
    "GitHub token": "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "web token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc",
}


@pytest.mark.row("R02")
@pytest.mark.parametrize("case", SECRETS)
def test_a_secret_is_refused_and_never_printed(env_dir: Path, edit: Edit, case: str) -> None:
    edit("defaults", "owner: platform-team", f'owner: "{SECRETS[case]}"')
    with pytest.raises(env.InvalidEnvironment) as refused:
        env.load(env_dir)
    assert "owner: looks like a secret (not shown)" in str(refused.value)
    assert SECRETS[case] not in str(refused.value)
    assert SECRETS[case][:12] not in str(refused.value)


def test_a_value_under_a_key_named_for_a_secret_is_not_printed(env_dir: Path, edit: Edit) -> None:
    edit("defaults", "owner: platform-team", "owner: platform-team\ndb_password: hunter22")
    with pytest.raises(env.InvalidEnvironment) as refused:
        env.load(env_dir)
    assert "db_password: looks like a secret" in str(refused.value)
    assert "hunter22" not in str(refused.value)


NAMES = {
    "unknown": ("qa", "there is no such environment: there are dev, prod, staging"),
    "path traversal": ("../env/dev", "'../env/dev' cannot be an environment's name"),
    "absolute": ("/etc/passwd", "cannot be an environment's name"),
    "with its ending": ("dev.yaml", "cannot be an environment's name"),
    "upper case": ("Dev", "cannot be an environment's name"),
    "empty": ("", "cannot be an environment's name"),
    "too long": ("a" * 500, "cannot be an environment's name"),
    "defaults": ("defaults", "defaults is no environment: there are dev, prod, staging"),
    "tools": ("tools", "tools is no environment"),
}


@pytest.mark.parametrize("case", NAMES)
def test_a_name_that_is_no_environment_is_refused_with_those_that_are(env_dir: Path, case: str) -> None:
    name, expected = NAMES[case]
    with pytest.raises(env.InvalidEnvironment) as refused:
        env.load(env_dir, [name])
    assert expected in str(refused.value)


def test_a_symbolic_link_is_refused(env_dir: Path) -> None:
    (env_dir / "qa.yaml").symlink_to(env_dir / "dev.yaml")
    with pytest.raises(env.InvalidEnvironment, match=r"qa\.yaml:1:1: is a symbolic link"):
        env.load(env_dir)


def test_a_folder_in_place_of_a_file_is_refused(env_dir: Path) -> None:
    (env_dir / "qa.yaml").mkdir()
    with pytest.raises(env.InvalidEnvironment, match=r"qa\.yaml:1:1: cannot be read"):
        env.load(env_dir)


@pytest.mark.parametrize("name", ["defaults", "tools"])
def test_a_missing_shared_file_is_named(env_dir: Path, name: str) -> None:
    (env_dir / f"{name}.yaml").unlink()
    with pytest.raises(env.InvalidEnvironment, match=rf"{name}\.yaml:1:1: is missing"):
        env.load(env_dir)


def test_a_folder_without_environments_says_so(tmp_path: Path) -> None:
    with pytest.raises(env.InvalidEnvironment, match=r"defaults\.yaml:1:1: is missing"):
        env.load(tmp_path / "nowhere")


def test_an_invalid_file_name_is_refused(env_dir: Path) -> None:
    (env_dir / "Dev_2.yaml").write_text("account: 1\n")
    with pytest.raises(env.InvalidEnvironment, match="'Dev_2' cannot be an environment's name"):
        env.load(env_dir)


@pytest.mark.row("R02")
def test_every_error_of_every_file_is_reported_in_one_run(env_dir: Path, edit: Edit) -> None:
    edit("dev", MEMORY, "memory: 1:30\n  colour: red")
    edit("dev", "monitoring_minutes: 5", "monitoring_minutes: 500")
    edit("prod", "us-west-2", "us-east-1")
    edit("defaults", "check: http", "check: htp")
    edit("tools", "us-east-1", "useast")
    with pytest.raises(env.InvalidEnvironment) as refused:
        env.load(env_dir)
    text = str(refused.value)
    for expected in ("lambda.memory", "lambda.colour", "guard.monitoring_minutes", "checks[1].check", "tools.yaml:3:1: region"):
        assert expected in text
    places = [(problem.file, problem.line) for problem in refused.value.problems]
    assert places == sorted(places)
    assert len(set(refused.value.problems)) == len(refused.value.problems)


def test_a_broken_file_of_another_environment_does_not_stop_the_one_asked_for(env_dir: Path) -> None:
    (env_dir / "staging.yaml").write_text("account: [")
    assert [environment.name for environment in env.load(env_dir, ["dev"]).environments] == ["dev"]


def test_a_clash_with_an_environment_that_was_not_asked_for_is_found(env_dir: Path, edit: Edit) -> None:
    edit("staging", "222222222222", "111111111111")
    with pytest.raises(env.InvalidEnvironment, match=r"dev\.yaml:2:1: account: 111111111111 is the account of staging too"):
        env.load(env_dir, ["dev"])
