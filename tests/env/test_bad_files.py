"""Every way in which an environment file can be wrong is refused: file, line, key, what was expected, all at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import env

Edit = Callable[[str, str, str], Path]

MEMORY = "memory: 512"
IN_RECOVERY = "    private: [10.130.64.0/19, 10.130.96.0/19, 10.130.128.0/19]"

# (file, text, replacement, what the message says after the file's name)
CHANGES = {
    "unknown key": ("dev", MEMORY, f"{MEMORY}\n  colour: red", ":14:3: lambda.colour: unknown key: known here: "),
    "misspelt key": ("dev", MEMORY, "memroy: 512", ":13:3: lambda.memroy: unknown key: did you mean memory?"),
    "missing key": ("dev", MEMORY, "# gone", ":12:1: lambda.memory: is missing: set it here"),
    "missing in the defaults": ("defaults", "waf_rate_limit: 2000", "# gone", ":36:1: api.waf_rate_limit: is missing: set it here"),
    "missing section of the defaults": ("defaults", "drift:\n  every_hours: 6\n", "", ":1:1: drift: is missing: set it here"),
    "key of another section": ("dev", "guard:", "memory: 5\nguard:", ":37:1: memory: unknown key: did you mean lambda.memory?"),
    "missing section": ("dev", "guard:\n  monitoring_minutes: 5\n", "", ":1:1: guard: is missing"),
    "duplicate key": ("dev", MEMORY, f"{MEMORY}\n  memory: 1024", ":14:3: lambda.memory: stands here twice, first in line 13: keep one"),
    "wrong type": ("dev", MEMORY, 'memory: "big"', ':13:3: lambda.memory: expected a whole number from 128 to 10240, found "big"'),
    "too small": ("dev", MEMORY, "memory: 64", ":13:3: lambda.memory: expected a whole number from 128 to 10240, found 64"),
    "too large": ("dev", MEMORY, "memory: 99999", ":13:3: lambda.memory: expected a whole number from 128 to 10240, found 99999"),
    "a fraction": ("dev", MEMORY, "memory: 512.5", ":13:3: lambda.memory: expected a whole number from 128 to 10240, found 512.5"),
    "not one of": ("dev", "nat_gateways: 0", "nat_gateways: 2", ":10:3: network.nat_gateways: expected one of 0, 1, 3, found 2"),
    "a fraction that is whole": ("dev", MEMORY, "memory: 512.0", "lambda.memory: expected a whole number from 128 to 10240, found 512.0"),
    "number in quotes": (
        "dev",
        MEMORY,
        'memory: "512"',
        'lambda.memory: expected a whole number from 128 to 10240, found "512": write it wi',
    ),
    "choice in quotes": (
        "dev",
        "gateways: 0",
        'gateways: "0"',
        'nat_gateways: expected one of 0, 1, 3, found "0": write it without quotes',
    ),
    "number for a text": ("defaults", "cc-1234", "12", ":6:1: cost_center: expected a text: 1 to 256 letters"),
    "number for a text, and what to do": ("defaults", "cc-1234", "12", "found 12: quote it"),
    "a list for a value": ("dev", MEMORY, "memory: [1]", "lambda.memory: expected a whole number from 128 to 10240, found a list of 1"),
    "a value for a section": ("dev", "guard:\n  monitoring_minutes: 5", "guard: 5", "guard: expected keys and values, found 5"),
    "nothing for a section": ("dev", "guard:\n  monitoring_minutes: 5", "guard:", "guard: expected keys and values, found nothing"),
    "tab": ("dev", f"  {MEMORY}", f"\t{MEMORY}", ":13:1: tab in the indentation: use spaces"),
    "second document": ("dev", "guard:", "---\nguard:", "a second document begins here"),
    "broken YAML": ("dev", "[10.10.0.0/22", "[[10.10.0.0/22", "is not YAML: "),
    "Python tag": ("dev", MEMORY, "memory: !!python/object:os.system 512", ":13:3: lambda.memory: tag tag:yaml.org,2002:python/object"),
    "own tag": ("dev", MEMORY, "memory: !Ref 512", ":13:3: lambda.memory: tag !Ref"),
    "alias": ("dev", MEMORY, "memory: *size", "alias *size: write the value itself"),
    "anchor": ("dev", MEMORY, "memory: &size 512", ":13:3: lambda.memory: anchor &size"),
    "merge key": ("dev", MEMORY, f"{MEMORY}\n  <<: {{memory: 1}}", "merge key <<: write the values themselves"),
    "directive": ("dev", "# yaml", "%YAML 1.1\n---\n# yaml", "YAML directive: leave it out"),
    "key that is no name": ("dev", MEMORY, f"{MEMORY}\n  1: 2", "key 1: a key must be a name"),
    "key that is an alias": ("dev", MEMORY, f"{MEMORY}\n  *size : 2", ":14:3: lambda: alias *size: write the value itself"),
    "key that is a list": ("dev", MEMORY, f"{MEMORY}\n  ? [a]\n  : 2", "a key must be a plain name"),
    "unquoted account": ("dev", '"111111111111"', "111111111111", ':2:1: account: quote it: "111111111111"'),
    "octal account": ("dev", '"111111111111"', "012345670123", ':2:1: account: quote it: "012345670123"'),
    "account of 11 digits": (
        "dev",
        '"111111111111"',
        '"11111111111"',
        ':2:1: account: expected an AWS account id: 12 digits, in quotes, found "11111111111"',
    ),
    "digits of another script": ("dev", '"111111111111"', '"' + "\u0661" * 12 + '"', ":2:1: account: expected an AWS account id"),
    "line break behind a value": ("dev", '"111111111111"', '"111111111111\\n"', ":2:1: account: holds a line break"),
    "terminal codes": ("defaults", "platform-team", '"\\e[31mred"', ":5:1: owner: holds a line break or a character that cannot be seen"),
    "terminal codes in a key": ("dev", MEMORY, f'{MEMORY}\n  "\\e[31m": 1', ":14:3: lambda.\\x1b[31m: key holds a line break or a char"),
    "direction of writing": ("defaults", "platform-team", "a\u202eb", ":5:1: owner: holds a line break or a character that cannot be seen"),
    "no tag's text": (
        "defaults",
        "platform-team",
        "Team <A>",
        ":5:1: owner: expected a text: 1 to 256 letters without accents, digits, sp",
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
    "placeholder": ("defaults", 'default: "50"', 'default: "{{ssm:x}}"', "page-limit.default: holds ${ or {{resolve:"),
    "substitution in a key": ("defaults", "page-limit:", '"${x}":', "runtime.settings.${x}: key holds ${ or {{resolve:"),
    "substitution": ("defaults", "owner: platform-team", 'owner: "${AWS::AccountId}"', ":5:1: owner: holds ${ or {{resolve:"),
    "dynamic reference": ("defaults", "owner: platform-team", 'owner: "{{resolve:ssm:x}}"', ":5:1: owner: holds ${ or {{resolve:"),
    "varies not": ("dev", MEMORY, f"{MEMORY}\n  runtime: python3.13", ":14:3: lambda.runtime: is the same in every environment"),
    "varies not, whole section": ("dev", "guard:", "alarms:\n  errors: 9\nguard:", "alarms.errors: is the same in every environment"),
    "no default for": ("defaults", "project: tap", 'account: "555555555555"\nproject: tap', "account: has no default"),
    "what only the tools account sets": ("dev", "guard:", "trust: {}\nguard:", "trust: unknown key"),
    "own name": ("dev", "guard:", "name: prod\nguard:", "name: is set by the file's own name"),
    "unknown check": ("defaults", "check: http", "check: htp", "checks[1].check: expected one of alarms, http,"),
    "check that is none": ("defaults", "- check: alarms", "- alarms", ':89:5: checks[4]: expected keys and values, found "alarms"'),
    "check of no kind": ("defaults", "- check: alarms", "- wait_seconds: 1", ":89:5: checks[4].check: is missing: one of alarms, http,"),
    "check of a misspelt kind": (
        "defaults",
        "- check: alarms",
        "- chek: alarms",
        ":89:5: checks[4].chek: unknown key: did you mean check?",
    ),
    "value of a check": ("defaults", "[ApiUrl", "[Api-Url", ":79:15: checks[0].outputs[0]: expected an output's name: letters and digits"),
    "name of a setting": ("defaults", "page-limit:", "Page Limit:", ":66:5: runtime.settings.Page Limit: expected as a name lower case"),
    "value of a setting": (
        "defaults",
        "type: number",
        "type: numbr",
        "settings.page-limit.type: expected one of list, number, secret, switch, text",
    ),
    "key of what may be null": (
        "prod",
        "region: us-west-2",
        "regon: us-west-2",
        ":5:3: disaster_recovery.regon: unknown key: did you mean",
    ),
    "wrong key of a check": ("defaults", "path: /health", "pth: /health", "checks[1].pth: unknown key: did you mean path?"),
    "a window that ends before it begins": (
        "prod",
        'end: "16:00"',
        'end: "07:00"',
        "promotion.windows[0].end: 07:00 is not after begin 08:00: a window lies within one day",
    ),
    "a time of no day": ("prod", 'end: "16:00"', 'end: "24:00"', "promotion.windows[0].end: expected a time"),
    "a day of no week": (
        "prod",
        "[mon, tue",
        "[monday, tue",
        "promotion.windows[0].days[0]: expected one of fri, mon, sat, sun, thu, tue, wed",
    ),
    "a freeze on no date": (
        "prod",
        "  approvals: 1",
        '  approvals: 1\n  freezes: [{first: "2026-02-30", last: "2026-03-01", reason: x}]',
        "promotion.freezes[0].first: 2026-02-30 is no date of the calendar",
    ),
    "a freeze that ends before it begins": (
        "prod",
        "  approvals: 1",
        '  approvals: 1\n  freezes: [{first: "2026-03-02", last: "2026-03-01", reason: x}]',
        "promotion.freezes[0].last: 2026-03-01 is before first 2026-03-02",
    ),
    "too many approvals": ("prod", "approvals: 1", "approvals: 9", "promotion.approvals: expected a whole number from 0 to 5, found 9"),
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
    "leading zero": ("dev", "cidr: 10.10.0.0", "cidr: 010.10.0.0", ":7:3: network.cidr: 010.10.0.0/16 is no address block"),
    "block too large": ("dev", "cidr: 10.10.0.0/16", "cidr: 10.0.0.0/8", ":7:3: network.cidr: 10.0.0.0/8: a VPC and its subnets take /16"),
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
    "recovery in another partition": (
        "prod",
        "us-west-2",
        "cn-north-1",
        "disaster_recovery.region: is in another partition of AWS than us-east-1",
    ),
    "recovery without addresses": (
        "prod",
        "  network:\n    cidr: 10.130.0.0/16",
        "  netwrok:\n    cidr: 10.130.0.0/16",
        ":6:3: disaster_recovery.netwrok: unknown key: did you mean",
    ),
    "recovery's addresses are home's": (
        "prod",
        "cidr: 10.130.0.0/16",
        "cidr: 10.30.0.0/16",
        ":7:5: disaster_recovery.network.cidr: 10.30.0.0/16 overlaps the environment's own VPC 10.30.0.0/16",
    ),
    "recovery's addresses are another environment's": (
        "prod",
        "cidr: 10.130.0.0/16",
        "cidr: 10.20.0.0/16",
        ":7:5: disaster_recovery.network.cidr: overlaps the VPC of staging: each environment has addresses of its own",
    ),
    "addresses of another's recovery": (
        "dev",
        "cidr: 10.10.0.0/16",
        "cidr: 10.130.0.0/16",
        ":7:3: network.cidr: overlaps the VPC of prod: each environment has addresses of its own",
    ),
    "recovery's subnet outside": (
        "prod",
        "10.130.64.0/19",
        "10.99.64.0/19",
        ":9:15: disaster_recovery.network.private[0]: 10.99.64.0/19 lies outside the VPC's 10.130.0.0/16",
    ),
    "recovery's subnets overlap": (
        "prod",
        "10.130.4.0/22",
        "10.130.0.0/22",
        ":8:29: disaster_recovery.network.public[1]: 10.130.0.0/22 overlaps 10.130.0.0/22 of disaster_recovery.network.public[0]",
    ),
    "recovery's block is none": ("prod", "10.130.8.0/22", "10.130.9.0/22", "network.public[2]: 10.130.9.0/22 is no address block"),
    "recovery's addresses in the defaults": (
        "defaults",
        "disaster_recovery: null",
        "disaster_recovery: { region: us-west-2, network: { cidr: 10.99.0.0/16 } }",
        "disaster_recovery.network.cidr: has no default: it belongs in each environment's file",
    ),
    "domain without a zone": (
        "prod",
        IN_RECOVERY,
        f"{IN_RECOVERY}\n  domain: {{ name: api.example.com }}",
        "domain.hosted_zone: is missing",
    ),
    "zone without a domain": ("prod", IN_RECOVERY, f"{IN_RECOVERY}\n  domain: {{ hosted_zone: Z0123456789 }}", "domain.name: is missing"),
    "zone that is none": (
        "prod",
        IN_RECOVERY,
        f"{IN_RECOVERY}\n  domain: {{ name: api.example.com, hosted_zone: example.com }}",
        ":10:36: disaster_recovery.domain.hosted_zone: expected a text: the id of a public hosted zone in Route 53",
    ),
    "domain that is none": (
        "prod",
        IN_RECOVERY,
        f"{IN_RECOVERY}\n  domain: {{ name: https://api.example.com, hosted_zone: Z0123456789 }}",
        ":10:13: disaster_recovery.domain.name: expected",
    ),
    "domain without a top": (
        "prod",
        IN_RECOVERY,
        f"{IN_RECOVERY}\n  domain: {{ name: api, hosted_zone: Z0123456789 }}",
        "disaster_recovery.domain.name: expected",
    ),
    "domain longer than a certificate's name": (
        "prod",
        IN_RECOVERY,
        f"{IN_RECOVERY}\n  domain: {{ name: {'a' * 60}.example.com, hosted_zone: Z0123456789 }}",
        "disaster_recovery.domain.name: 72 characters; a certificate takes 64",
    ),
    "tools in another partition": (
        "dev",
        "us-east-1",
        "cn-north-1",
        ":3:1: region: cn-north-1 is in another partition of AWS than the tools",
    ),
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
    "number out of its range": ("defaults", 'default: "50"', 'default: "0"', "page-limit.default: expected a whole number from 1 to 1000"),
    "text that is no choice": (
        "defaults",
        "default: INFO",
        "default: LOUD",
        "log-level.default: expected one of DEBUG, INFO, WARN, ERROR for",
    ),
    "range of a switch": ("defaults", 'default: "on"', 'default: "on"\n      minimum: 1', "accept-writes.minimum: a switch has no minimum"),
    "range upside down": ("defaults", "maximum: 1000", "maximum: 0", "settings.page-limit.maximum: 0 is below minimum 1"),
    "choices of a number": ("defaults", "minimum: 1", "choices: [a]", "settings.page-limit.choices: a number has no choices: leave it out"),
    "pattern that is none": (
        "defaults",
        "choices: [DEBUG, INFO, WARN, ERROR]",
        'pattern: "["',
        "log-level.pattern: is no regular expression",
    ),
    "pattern of the default": (
        "defaults",
        "choices: [DEBUG, INFO, WARN, ERROR]",
        'pattern: "[a-z]+"',
        "expected a text that matches [a-z]+",
    ),
    "setting without a default": ("defaults", '      default: "on"\n', "", "settings.accept-writes.default: is missing: set it here"),
    "secret with a default": ("defaults", "type: switch", "type: secret", "accept-writes.default: a secret has no default"),
    "settings too large": (
        "defaults",
        "description: off",
        "description: off\n    a-long-one:\n      type: text\n      description: x\n      default: "
        + "x" * 1000
        + "\n      choices: ["
        + ", ".join(["x" * 1000] * 3)
        + ']\n    other:\n      type: switch\n      default: "on"\n      description: off',
        "runtime.settings: 4",
    ),
    "own default of no setting": (
        "dev",
        "guard:",
        'runtime:\n  values:\n    page-limits: "9"\nguard:',
        "values.page-limits: there is no such setting: did you mean page-limit?",
    ),
    "own default out of range": (
        "dev",
        "guard:",
        'runtime:\n  values:\n    page-limit: "9000"\nguard:',
        ":39:5: runtime.values.page-limit: expected a whole number from 1",
    ),
    "own type of a setting": ("dev", "guard:", "runtime:\n  settings: {}\nguard:", "runtime.settings: is the same in every environment"),
    "number that is none": (
        "defaults",
        'default: "50"',
        'default: "many"',
        "runtime.settings.page-limit.default: expected a whole number from 1 to 1000 for type number",
    ),
    "switch that is none": (
        "defaults",
        'default: "on"',
        'default: "maybe"',
        'runtime.settings.accept-writes.default: expected on or off for type switch, found "maybe"',
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


@pytest.mark.row("R02")
def test_a_wrong_tools_account_does_not_hide_what_is_wrong_in_the_environments(env_dir: Path, edit: Edit) -> None:
    edit("tools", "us-east-1", "useast")
    edit("dev", "throttle_burst: 200", "throttle_burst: 50")
    with pytest.raises(env.InvalidEnvironment) as refused:
        env.load(env_dir)
    assert [(problem.key, problem.line) for problem in refused.value.problems] == [("api.throttle_burst", 35), ("region", 3)]


def test_a_value_that_was_refused_is_not_complained_about_twice(env_dir: Path, edit: Edit) -> None:
    edit("dev", MEMORY, "memory: *size")
    with pytest.raises(env.InvalidEnvironment) as refused:
        env.load(env_dir)
    assert [problem.message for problem in refused.value.problems] == ["alias *size: write the value itself"]


def test_a_misspelt_key_is_not_called_missing_too(env_dir: Path, edit: Edit) -> None:
    edit("dev", MEMORY, "memroy: 512")
    with pytest.raises(env.InvalidEnvironment) as refused:
        env.load(env_dir)
    assert [problem.message for problem in refused.value.problems] == ["unknown key: did you mean memory?"]


def test_what_is_wrong_with_one_value_does_not_hide_what_is_missing_beside_it(env_dir: Path, edit: Edit) -> None:
    edit("dev", "# yaml-language-server: $schema=schema.json\naccount", "account")
    edit("dev", '"111111111111"', "111111111111")
    edit("dev", "guard:\n  monitoring_minutes: 5\n", "")
    with pytest.raises(env.InvalidEnvironment) as refused:
        env.load(env_dir)
    assert [(problem.key, problem.line) for problem in refused.value.problems] == [("account", 1), ("guard", 1)]


def test_a_second_document_leaves_the_places_of_the_first(env_dir: Path) -> None:
    path = env_dir / "dev.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("memory: 512", "memory: 1") + "---\nlambda:\n  memory: 2\n", encoding="utf-8")
    with pytest.raises(env.InvalidEnvironment) as refused:
        env.load(env_dir)
    assert [(problem.key, problem.line) for problem in refused.value.problems] == [("lambda.memory", 13), ("", 43)]
