"""Every way in which `stacksets.yaml` can be wrong is refused: file, line, key, what to do; and whatever is a partition is taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import env
from env import schema
from env.document import Place
from env.draft import Draft
from env.stacksets import StackSets, Targets, Wave
from env.stacksets_rules import wrong_in_sets
from tests.conftest import ROOT

Edit = Callable[[str, str, str], Path]

UNITS = """management_account: "999999999999"

stack_sets:
  guardrails:
    description: What the units have
    template: baseline
    permissions: service-managed
    targets:
      units: [ou-ab12-aaaaaaaa, ou-ab12-bbbbbbbb]
      regions: [us-east-1]
    waves:
      - name: canary
        units: [ou-ab12-aaaaaaaa]
        filter: intersection
        accounts: ["555555555555"]
      - name: rest
        units: [ou-ab12-aaaaaaaa]
        filter: difference
        accounts: ["555555555555"]
      - name: others
        units: [ou-ab12-bbbbbbbb]
    auto_deployment:
      enabled: true
  network:
    description: What comes after
    template: baseline
    permissions: service-managed
    targets:
      units: [ou-ab12-aaaaaaaa]
      regions: [us-east-1]
    waves:
      - name: all
        units: [ou-ab12-aaaaaaaa]
    auto_deployment:
      enabled: true
      depends_on: [guardrails]
"""

BASE = "stack_sets.baseline."
# text of the repository's own file -> replacement, and what is said after the file's name
OWN = {
    "unknown key": ("    permissions:", "    colour: red\n    permissions:", f":8:5: {BASE}colour: unknown key: known here: "),
    "misspelt key": ("    overrides:", "    overides:", f":15:5: {BASE}overides: unknown key: did you mean overrides?"),
    "duplicate key": ("    template: baseline", "    template: baseline\n    template: other", f":8:5: {BASE}template: stands here twice"),
    "the same set twice": ("stack_sets:", "stack_sets:\n  baseline:\n    template: x", ":7:3: stack_sets.baseline: stands here twice"),
    "missing key": ("    permissions: self-managed\n", "", f":5:3: {BASE}permissions: is missing: set it here"),
    "missing management account": ('management_account: "999999999999"\n', "", ":1:1: management_account: is missing"),
    "wrong type": ('KeepDays: "30"', "KeepDays: 30", f":13:7: {BASE}parameters.KeepDays: expected a text, found 30: quote it"),
    "unquoted account": ('["555555555555"]', "[555555555555]", f":25:20: {BASE}waves[0].accounts[0]: quote it"),
    "not one of": ("self-managed", "own", f":8:5: {BASE}permissions: expected one of self-managed, service-managed, found"),
    "a secret": ('KeepDays: "30"', 'KeepDays: "AKIAIOSFODNN7EXAMPLE"', f":13:7: {BASE}parameters.KeepDays: "),
    "what CloudFormation replaces": ('KeepDays: "30"', 'KeepDays: "${X}"', f":13:7: {BASE}parameters.KeepDays: holds $"),
    "no such region": ("regions: [us-east-1, us-east-2]", "regions: [us-east-1, us-east-9]", f":11:28: {BASE}targets.regions[1]: us-east-9 is no region of AWS: did you"),
    "not of a region's form": ("regions: [us-east-1, us-east-2]", "regions: [us-east-1, Ohio]", f"{BASE}targets.regions[1]: expected an AWS region"),
    "a region in another partition": ("[us-east-1, us-east-2]", "[us-east-1, us-east-2, cn-north-1]", "cn-north-1 is in another partition"),
    "a region twice": ("regions: [us-east-1, us-east-2]", "regions: [us-east-1, us-east-2, us-east-1]", "targets.regions[2]: us-east-1 stands here twice"),
    "an account twice": ('accounts: ["111111111111", "222222222222", "3', 'accounts: ["111111111111", "111111111111", "222222222222", "3', "targets.accounts[1]: 111111111111 stands here twice"),
    "an account in no wave": ('"666666666666", "777777777777"]\n        preferences', '"666666666666"]\n        preferences', f":10:98: {BASE}targets.accounts[5]: 777777777777 is in no wave: add it to one"),
    "an account in two waves": ('["111111111111", "222222222222"]\n        watch', '["111111111111", "222222222222", "555555555555"]\n        watch', f":28:52: {BASE}waves[1].accounts[2]: 555555555555 is in wave canary already"),
    "a wave of nothing": ('["555555555555"]\n        watch', '[]\n        watch', f":25:9: {BASE}waves[0].accounts: wave canary reaches nothing"),
    "two waves of one name": ("name: first", "name: canary", f":27:9: {BASE}waves[1].name: canary is the name of an earlier wave too"),
    "a wave beyond the targets": ('["555555555555"]\n        watch', '["555555555555", "888888888888"]\n        watch', "waves[0].accounts[1]: 888888888888 is none of the set's targets"),
    "a wave in another region": ("        watch_minutes: 15", "        watch_minutes: 15\n        regions: [eu-west-1]", "waves[0].regions[0]: eu-west-1 is none of the set's regions"),
    "a region of an account in no wave": ("        watch_minutes: 15", "        watch_minutes: 15\n        regions: [us-east-1]", "targets.accounts[3]: 555555555555 is in no wave with us-east-2"),
    "no waves": (None, "waves: []", f"{BASE}waves: expected a list"),
    "the management account": ('"777777777777"]\n      regions', '"777777777777", "999999999999"]\n      regions', "targets.accounts[6]: 999999999999 is the management account"),
    "units of a self-managed set": ("      regions: [us-east-1, us-east-2]", "      units: [ou-ab12-aaaaaaaa]\n      regions: [us-east-1, us-east-2]", "targets.units: is set, but permissions are self-managed"),
    "a filter of a self-managed set": ("        watch_minutes: 15", "        filter: union\n        watch_minutes: 15", "waves[0].filter: is set, but permissions are self-managed"),
    "auto-deployment of a self-managed set": ("    checks:", "    auto_deployment:\n      enabled: true\n    checks:", "auto_deployment: is set, but permissions are self-managed"),
    "no template": ("    template: baseline\n", "", f"{BASE}template: is missing: name a template, or an environment with services"),
    "two templates": ("    template: baseline", "    template: baseline\n    environment: dev\n    services: [keys]", "template: stands beside environment and services"),
    "services of no environment": ("    template: baseline", "    services: [keys]", f"{BASE}environment: is missing: services are copied from an environment"),
    "an environment without services": ("    template: baseline", "    environment: dev", f"{BASE}services: is missing: name the services"),
    "no such environment": ("    template: baseline", "    environment: qa\n    services: [keys]", f":7:5: {BASE}environment: there is no environment qa"),
    "an override for everything": ('      - accounts: ["333333333333"]\n        parameters', "      - parameters", f":16:9: {BASE}overrides[0]: is for every instance"),
    "an override elsewhere": ('      - accounts: ["333333333333"]\n        parameters', '      - accounts: ["888888888888"]\n        parameters', "overrides[0].accounts[0]: 888888888888 is none of the set's targets"),
    "an override in another region": ("        regions: [us-east-2]", "        regions: [eu-west-1]", "overrides[1].regions[0]: eu-west-1 is none of the set's regions"),
    "an override of nothing": ('        parameters:\n          KeepDays: "365"\n      - ', "        parameters: {}\n      - ", "overrides[0].parameters: expected keys and values"),
    "a value that is too long": ('KeepDays: "30"', f'KeepDays: "{"3" * 4097}"', "parameters.KeepDays: 4,097 bytes: CloudFormation takes 4,096"),
    "count and percentage": ("          tolerance: 1", "          tolerance: 1\n          tolerance_percent: 10", "preferences.tolerance_percent: stands beside tolerance"),
    "a concurrency that strict mode forbids": ("          concurrency: 2", "          concurrency: 3", "waves[2].preferences.concurrency: 3 with tolerance 1 works on 2 at a time"),
    "the same in percent": ("          tolerance: 1\n          concurrency: 2", "          tolerance_percent: 10\n          concurrency_percent: 100", "concurrency_percent: 100 percent, 3 accounts, with tolerance 0 works on 1"),
    "a role's ARN": ("    targets:", "    execution_role: arn:aws:iam::1:role/x\n    targets:", "execution_role: expected a role's name, without its ARN"),
    "a check that writes": ("      - check: alarms", "      - check: queue\n        queue: jobs", "checks[0].check: expected one of alarms, outputs, parameter"),
}  # fmt: skip
SERVICE = {
    "not of a unit's form": ("units: [ou-ab12-aaaaaaaa, ou-ab12-bbbbbbbb]", "units: [ou-1, ou-ab12-bbbbbbbb]", "targets.units[0]: expected an organizational unit's id"),
    "no units": ("      units: [ou-ab12-aaaaaaaa, ou-ab12-bbbbbbbb]\n", "", "targets.units: is missing: a service-managed set goes to organizational units"),
    "roles": ("    permissions: service-managed\n", "    permissions: service-managed\n    execution_role: tap\n", ":8:5: stack_sets.guardrails.execution_role: is set, but permissions are service-managed"),
    "a unit in no wave": ("        units: [ou-ab12-bbbbbbbb]", "        units: [ou-ab12-aaaaaaaa]", "targets.units[1]: ou-ab12-bbbbbbbb is in no wave of us-east-1"),
    "a unit in two waves": ("        units: [ou-ab12-bbbbbbbb]", "        units: [ou-ab12-bbbbbbbb, ou-ab12-aaaaaaaa]", "ou-ab12-aaaaaaaa is in wave others already"),
    "accounts that no filter leaves": ("        filter: difference\n        accounts: [\"555555555555\"]", "        filter: difference\n        accounts: [\"555555555555\", \"666666666666\"]", "waves[1].accounts: 666666666666 is left out here, and in no other wave"),
    "accounts that two waves have": ("        filter: difference\n        accounts: [\"555555555555\"]", "        filter: difference\n        accounts: [\"666666666666\"]", "waves[1].accounts: 555555555555 is not left out here, and in wave canary already"),
    "a filter without accounts": ("        filter: intersection\n        accounts: [\"555555555555\"]", "        filter: intersection", "waves[0].accounts: is missing: filter intersection goes by a list of accounts"),
    "accounts without a filter": ("        filter: intersection\n", "", "waves[0].filter: is missing: say what the accounts are for"),
    "more than 50 units": ("        units: [ou-ab12-bbbbbbbb]", f"        units: [{', '.join(f'ou-ab12-{number:08}' for number in range(51))}]", "51 units: CloudFormation takes 50 in a call"),
    "waits for no set": ("depends_on: [guardrails]", "depends_on: [guardrail]", "network.auto_deployment.depends_on[0]: there is no set guardrail: did you mean guardrails?"),
    "waits in a circle": ("    auto_deployment:\n      enabled: true\n  network", "    auto_deployment:\n      enabled: true\n      depends_on: [network]\n  network", "guardrails.auto_deployment.depends_on: goes in a circle: guardrails -> network -> guardrails"),
}  # fmt: skip


def refused(env_dir: Path) -> list[str]:
    with pytest.raises(env.InvalidEnvironment) as caught:
        env.load(env_dir)
    return [str(problem) for problem in caught.value.problems]


def test_the_repositorys_own_file_is_right() -> None:
    sets = env.load(ROOT / "env").home
    assert sets
    assert list(sets.stack_sets) == ["baseline"]
    assert len(sets.stack_sets["baseline"].waves) == 3


@pytest.mark.row("R02")
@pytest.mark.parametrize("case", OWN)
def test_what_is_wrong_is_said_at_its_line(edit: Edit, env_dir: Path, case: str) -> None:
    old, new, said = OWN[case]
    if old is None:
        path = env_dir / "stacksets.yaml"
        text = path.read_text()
        head, tail = text.index("    waves:"), text.index("    checks:")
        path.write_text(f"{text[:head]}    {new}\n{text[tail:]}")
    else:
        edit("stacksets", old, new)
    found = refused(env_dir)
    assert any(said in line and "stacksets.yaml:" in line for line in found), found


@pytest.mark.row("R02")
@pytest.mark.parametrize("case", SERVICE)
def test_what_is_wrong_with_units_is_said_at_its_line(edit: Edit, env_dir: Path, case: str) -> None:
    (env_dir / "stacksets.yaml").write_text(UNITS)
    assert env.load(env_dir).home
    old, new, said = SERVICE[case]
    edit("stacksets", old, new)
    found = refused(env_dir)
    assert any(said in line and "stacksets.yaml:" in line for line in found), found


def test_two_sets_have_no_one_name_in_aws(env_dir: Path) -> None:
    text = UNITS.replace("    permissions: service-managed\n", "    set_name: same\n    permissions: service-managed\n")
    (env_dir / "stacksets.yaml").write_text(text)
    (line,) = refused(env_dir)
    assert "stack_sets.network.set_name: same is the name of guardrails too" in line


def test_everything_that_is_wrong_is_said_at_once(edit: Edit, env_dir: Path) -> None:
    for case in ("no such region", "a concurrency that strict mode forbids", "an override in another region"):
        old, new, _ = OWN[case]
        assert old
        edit("stacksets", old, new)
    edit("dev", "memory: 512", "memory: 64")
    found = refused(env_dir)
    assert len(found) >= 4
    assert any("dev.yaml:13:3" in line for line in found)


def test_without_the_file_there_are_no_sets(env_dir: Path) -> None:
    (env_dir / "stacksets.yaml").unlink()
    home = env.load(env_dir).home
    assert home
    assert home.stack_sets == {}


def test_an_environment_alone_asks_for_no_sets(edit: Edit, env_dir: Path) -> None:
    edit("stacksets", "template: baseline", "template: [")
    assert env.load(env_dir, ["dev"]).home is None


def test_the_editors_schema_is_fresh() -> None:
    assert schema.STACKSETS_FILE.read_text(encoding="utf-8") == schema.stacksets_text(), "run: python -m env.schema"


ACCOUNTS = [f"{number:012}" for number in range(1, 7)]
REGIONS = ("us-east-1", "eu-west-1")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(waves=st.lists(st.tuples(st.sets(st.sampled_from(ACCOUNTS)), st.sets(st.sampled_from(REGIONS))), min_size=1, max_size=4))
def test_waves_are_taken_exactly_where_they_are_a_partition(platform: env.Platform, waves: list[tuple[set[str], set[str]]]) -> None:
    """Counted by hand: every account and region in one wave, and no wave without an account."""
    assert platform.home
    one = platform.home.stack_sets["baseline"]
    made = tuple(
        Wave(name=f"w{index}", accounts=tuple(sorted(accounts)), regions=tuple(sorted(regions)))
        for index, (accounts, regions) in enumerate(waves)
    )
    changed = msgspec.structs.replace(one, waves=made, overrides=(), targets=Targets(accounts=tuple(ACCOUNTS), regions=REGIONS))
    places = [(account, region) for accounts, regions in waves for account in accounts for region in regions or REGIONS]
    whole = {(account, region) for account in ACCOUNTS for region in REGIONS}
    right = sorted(places) == sorted(whole) and all(accounts for accounts, _ in waves)
    sets = StackSets(management_account="999999999999", stack_sets={"baseline": changed})
    found = list(wrong_in_sets(Draft(name="stacksets", start=Place("x", 1, 1)), sets, platform.tools, ()))
    assert (found == []) is right
