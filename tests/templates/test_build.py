"""How templates come to be: alone, joined by name, the same bytes anywhere, each piece with its line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from troposphere.sqs import Queue

from env.model import Environment
from resources import naming
from templates import build as building
from templates import parameters, root
from templates.build import BuildError, Built, build
from templates.service import Service
from tests.conftest import ENVIRONMENTS, ROOT, STACKS

Builds = dict[str, Built]
replace = msgspec.structs.replace

# What is changed in an environment, and the services whose templates may differ then.
CHANGES: dict[str, tuple[Any, set[str]]] = {
    "table": (lambda e: replace(e, table=replace(e.table, recovery_days=7, point_in_time_recovery=True)), {"data"}),
    "storage": (lambda e: replace(e, storage=replace(e.storage, noncurrent_days=80)), {"storage"}),
    "queue": (lambda e: replace(e, queue=replace(e.queue, retention_days=1)), {"messaging"}),
    "network": (lambda e: replace(e, network=replace(e.network, nat_gateways=1)), {"network"}),
    "worker": (lambda e: replace(e, queue=replace(e.queue, batch_size=3)), {"compute"}),
    "api": (lambda e: replace(e, api=replace(e.api, throttle_rate=1)), {"api"}),
    "alarms": (lambda e: replace(e, alarms=replace(e.alarms, server_errors=77)), {"monitoring"}),
    "drift": (lambda e: replace(e, drift=replace(e.drift, every_hours=12)), {"drift"}),
    "settings": (lambda e: replace(e, runtime=replace(e.runtime, settings={})), {"parameters", "compute", "drift"}),
    "a default of its own": (
        lambda e: replace(e, runtime=replace(e.runtime, values={"page-limit": "9"})),
        {"parameters", "compute", "drift"},
    ),
}


@pytest.mark.row("R12")
@pytest.mark.parametrize("case", CHANGES)
def test_a_change_in_one_service_leaves_the_others_byte_identical(platform: Any, builds: Builds, case: str) -> None:
    change, expected = CHANGES[case]
    environment = next(made for made in platform.environments if made.name == "dev")
    after = build(change(environment))
    differing = {name for name, data in after.encoded.items() if data != builds["dev"].encoded[name]}
    assert differing == expected | {"root"}


@pytest.mark.row("R12")
@pytest.mark.parametrize("name", [name for name in STACKS if name != "prod edge"])
def test_every_area_is_a_nested_template_of_its_own(stacks: Builds, name: str) -> None:
    (part,) = stacks[name].parts
    areas = {"network", "storage", "data", "messaging", "compute", "api", "monitoring", "drift", "root"}
    assert set(stacks[name].templates) >= {part.prefix + area for area in areas}
    nested = stacks[name].templates[part.root]["Resources"]
    assert {resource["Type"] for resource in nested.values()} == {"AWS::CloudFormation::Stack"}
    assert len(nested) == len(stacks[name].templates) - 1


@pytest.mark.row("R12")
@pytest.mark.parametrize("name", STACKS)
def test_the_root_names_each_child_by_the_digest_of_its_published_bytes(stacks: Builds, name: str) -> None:
    built = stacks[name]
    top = built.parts[0].root
    for service in built.services:
        url = built.templates[top]["Resources"][root.title(service)]["Properties"]["TemplateURL"]["Fn::Sub"]
        assert url.endswith(f"/templates/{building.digest(built.encoded[service])}.json")


@pytest.mark.row("R12")
@pytest.mark.parametrize("name", STACKS)
def test_the_root_feeds_every_parameter_from_the_output_of_its_name(stacks: Builds, name: str) -> None:
    built = stacks[name]
    top = built.parts[0].root
    titles = {root.title(service): service for service in built.services}
    for title, service in titles.items():
        given = built.templates[top]["Resources"][title]["Properties"].get("Parameters", {})
        assert set(given) == set(built.templates[service].get("Parameters", {}))
        for parameter, value in given.items():
            if "Ref" in value:
                assert value == {"Ref": parameter}
                assert parameter in {need.parameter for need in built.parts[0].needs}
                continue
            producer, output = value["Fn::GetAtt"]
            assert output == f"Outputs.{parameter}"
            assert parameter in built.templates[titles[producer]]["Outputs"]


def service(environment: Environment, name: str, needs: str = "", gives: str = "") -> Service:
    made = Service(name, environment, name)
    queue = made.add(Queue("Queue", QueueName=made.needs(needs) if needs else "q"))
    if gives:
        made.gives(gives, queue.ref(), "a value")
    return made


def test_a_parameter_that_nobody_gives_is_refused(platform: Any) -> None:
    environment = platform.environments[0]
    with pytest.raises(root.WiringError, match="service one needs Missing, which no service gives"):
        root.joins([service(environment, "one", needs="Missing")])


def test_an_output_that_two_give_is_refused(platform: Any) -> None:
    environment = platform.environments[0]
    with pytest.raises(root.WiringError, match="output Same is given by one and two: rename one"):
        root.joins([service(environment, "one", gives="Same"), service(environment, "two", gives="Same")])


def test_a_service_that_fails_is_named_with_its_environment(platform: Any) -> None:
    def broken(environment: Environment) -> Service:
        made = Service("broken", environment, "broken")
        made.add(Queue("Queue", QueueNam="typo"))
        return made

    with pytest.raises(BuildError, match=r"service broken, environment dev: .*QueueNam"):
        building.build_one("broken", broken, platform.environments[0])


def test_more_outputs_than_one_template_takes_are_an_error_and_no_traceback(platform: Any) -> None:
    environment = platform.environments[0]
    others = [Service(name, environment, name) for name in ("one", "two")]
    for number in range(220):
        others[number % 2].gives(f"Value{number}", "x", "a value")
    with pytest.raises(BuildError, match=r"service parameters, environment dev: .*200"):
        building.build_one("parameters", lambda made: parameters.build(made, others), environment)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_resource_knows_the_line_that_made_it(builds: Builds, name: str) -> None:
    built = builds[name]
    for service_name, document in built.templates.items():
        for logical_id in document["Resources"]:
            origin = built.origins[service_name, logical_id]
            line = (ROOT / origin.file).read_text().splitlines()[origin.line - 1]
            assert origin.file.startswith("templates/"), logical_id
            assert line.strip(), logical_id


@pytest.mark.row("R20")
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_physical_name_follows_the_pattern_with_the_environment_as_suffix(builds: Builds, name: str) -> None:
    seen = [text for _, text in physical_names(builds[name])]
    assert len(seen) > 60
    for text in seen:
        assert re.search(rf"(^|/|aws-waf-logs-)tap-[a-z0-9-]+-(\$\{{AWS::\w+\}}-)*{name}$", text) or text.startswith(
            (f"/tap/{name}/", "API-Gateway-Execution-Logs_", "alias/tap-")
        ), text


@pytest.mark.row("R20")
def test_names_are_the_same_in_all_environments_but_for_the_suffix(builds: Builds) -> None:
    plain = {name: {(key, text.replace(name, "ENV")) for key, text in physical_names(built)} for name, built in builds.items()}
    assert plain["dev"] - plain["staging"] == {entry for entry in plain["dev"] if "Endpoint" in entry[0]}
    assert plain["staging"] <= plain["prod"] | {entry for entry in plain["staging"] if "Endpoint" in entry[0]}


NAME_KEYS = (
    "BucketName",
    "QueueName",
    "TopicName",
    "TableName",
    "FunctionName",
    "RoleName",
    "ManagedPolicyName",
    "AlarmName",
    "LogGroupName",
    "AliasName",
    "DashboardName",
    "GroupName",
)


def physical_names(built: Built) -> list[tuple[str, str]]:
    """(flat logical id and property, name) of everything that is given a name by its template."""
    found = []
    for flat_id, resource in built.flat["Resources"].items():
        for key in (*NAME_KEYS, "Name"):
            value = resource.get("Properties", {}).get(key)
            text = value.get("Fn::Sub") if isinstance(value, dict) else value
            if isinstance(text, str) and not (
                key == "Name" and resource["Type"].startswith(("AWS::ApiGateway::Model", "AWS::ApiGateway::Req", "AWS::Lambda::Alias"))
            ):
                found.append((f"{flat_id}.{key}", text))
    return found


@pytest.mark.row("R20")
@pytest.mark.parametrize("kind", naming.LIMITS)
def test_a_name_is_cut_to_its_limit_with_a_stable_hash(platform: Any, kind: str) -> None:
    environment = platform.environments[0]
    thing = "x" * naming.LIMITS[kind]
    name = naming.name(environment, thing, kind)
    assert len(name) == naming.LIMITS[kind]
    assert name == naming.name(environment, thing, kind)
    assert name.startswith("tap-x")
    assert name.endswith(f"-{environment.name}")
    assert name != naming.name(environment, f"{thing}y", kind)


def test_a_name_that_cannot_be_cut_is_refused(platform: Any) -> None:
    environment = replace(platform.environments[0], name="e" * 80)
    with pytest.raises(ValueError, match="64 are allowed: shorten project or environment"):
        naming.name(environment, "api", "function")


SCRIPT = """
import sys; sys.path.insert(0, {root!r})
from pathlib import Path
import env
from hashlib import sha256
from templates.build import build
for made in env.load(Path({root!r}, "env")).environments:
    built = build(made)
    print(made.name, sha256(b"".join(built.encoded[name] for name in sorted(built.encoded))).hexdigest())
"""


def test_the_same_sources_give_the_same_bytes_whatever_surrounds_them(tmp_path: Path) -> None:
    surroundings = [
        {"PYTHONHASHSEED": "1", "TZ": "UTC", "LANG": "C"},
        {"PYTHONHASHSEED": "4711", "TZ": "Asia/Kathmandu", "LANG": "C.UTF-8"},
    ]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT.format(root=str(ROOT))],
            env={**os.environ, **extra},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for extra in surroundings
    }
    assert len(outputs) == 1
    assert outputs.pop().count("\n") == 3


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_diff_reads_well(builds: Builds, name: str) -> None:
    """One key or item a line, sorted: the text is what `json` itself would give for sorted keys."""
    for data in builds[name].encoded.values():
        assert data.decode() == json.dumps(json.loads(data), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_nothing_that_changes_with_every_release_stands_in_a_template(builds: Builds, name: str) -> None:
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    for data in builds[name].encoded.values():
        assert not commit or commit[:12] not in data.decode()
        assert not re.search(rb"20\d\d-\d\d-\d\dT", data)
