"""The runtime configuration of the running platform: changed by the command, seen over HTTP, kept by a deployment, survived when it is bad."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.conftest import Deployed, eventually
from tests.local.conftest import Faults

CACHE_SECONDS = 1
"""As the fixture sets it."""
SLACK_SECONDS = 4
"""For a busy machine; a real environment keeps values for 30 seconds, which this stays far below."""


@pytest.fixture(autouse=True)
def as_it_was(deployed: Deployed) -> Iterator[None]:
    """Six items to list before, nothing set afterwards."""
    for _ in range(6 - page(deployed)):
        assert deployed.call("POST", "/items", {"name": "a chair", "quantity": 1}).status == 201
    yield
    ssm = deployed.aws.client("ssm")
    for one in ssm.get_parameters_by_path(Path="/tap/dev/config/set")["Parameters"]:
        ssm.delete_parameter(Name=one["Name"])


def page(deployed: Deployed) -> int:
    """How many items one answer holds."""
    answer = deployed.call("GET", "/items")
    assert answer.status == 200, answer
    return len(answer.body["items"])


def counted(deployed: Deployed, metric: str) -> list[dict[str, Any]]:
    """The lines of the API's log that CloudWatch counts as this metric."""
    events = deployed.aws.client("logs").filter_log_events(logGroupName="/aws/lambda/tap-api-dev")["events"]
    lines = [json.loads(event["message"]) for event in events if event["message"].lstrip().startswith("{")]
    return [line for line in lines if line.get(metric) == 1 and "_aws" in line]


def drifted(deployed: Deployed) -> int:
    """As the scheduled detector of the account finds it."""
    answer = deployed.aws.client("lambda").invoke(FunctionName="tap-drift-dev", Qualifier="live", Payload=b"{}")
    found: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, found
    return int(found["Drifted"])


@pytest.mark.row("R25")
def test_a_value_that_the_command_sets_is_seen_within_the_cache_time_without_a_deployment(deployed: Deployed) -> None:
    versions = deployed.aws.client("lambda").list_versions_by_function(FunctionName="tap-api-dev")["Versions"]
    before = page(deployed)
    assert before > 2
    assert deployed.run("config", "set", "dev", "page-limit", "2", "--reason", "a slow client") == 0
    began = time.monotonic()
    assert eventually(lambda: page(deployed) == 2)
    assert time.monotonic() - began < CACHE_SECONDS + SLACK_SECONDS
    assert deployed.run("config", "unset", "dev", "page-limit") == 0
    assert eventually(lambda: page(deployed) == before)
    assert deployed.aws.client("lambda").list_versions_by_function(FunctionName="tap-api-dev")["Versions"] == versions


@pytest.mark.row("R25")
def test_a_switch_stops_writes_while_reads_go_on(deployed: Deployed) -> None:
    assert deployed.run("config", "set", "dev", "accept-writes", "off") == 0
    assert eventually(lambda: deployed.call("POST", "/items", {"name": "a table", "quantity": 1}).status == 503)
    assert deployed.call("GET", "/items").status == 200


@pytest.mark.row("R25")
@pytest.mark.row("R09")
def test_a_deployment_keeps_what_an_operator_set_and_drift_does_not_find_it(deployed: Deployed) -> None:
    assert deployed.run("config", "set", "dev", "page-limit", "2") == 0
    assert eventually(lambda: page(deployed) == 2)
    assert drifted(deployed) == 0
    path = deployed.folder / "env" / "dev.yaml"
    path.write_text(path.read_text() + '\nruntime:\n  values:\n    page-limit: "4"\n')
    deployed.generate()
    assert deployed.run("up", "dev", "--yes") == 0
    ssm = deployed.aws.client("ssm")
    assert ssm.get_parameter(Name="/tap/dev/config/page-limit")["Parameter"]["Value"] == "4"
    assert page(deployed) == 2, "the deployment has changed what an operator set"
    assert drifted(deployed) == 0
    assert deployed.run("config", "unset", "dev", "page-limit") == 0
    assert eventually(lambda: page(deployed) == 4), "the new default does not hold"
    # The proof that drift would be found at all: the default itself, which a template owns.
    ssm.put_parameter(Name="/tap/dev/config/page-limit", Value="3", Overwrite=True)
    assert drifted(deployed) == 1
    ssm.put_parameter(Name="/tap/dev/config/page-limit", Value="4", Overwrite=True)


@pytest.mark.row("R25")
def test_a_bad_value_written_past_the_command_leaves_the_last_good_one_and_is_counted(deployed: Deployed) -> None:
    assert deployed.run("config", "set", "dev", "page-limit", "2") == 0
    assert eventually(lambda: page(deployed) == 2)
    deployed.aws.client("ssm").put_parameter(Name="/tap/dev/config/set/page-limit", Value="many", Overwrite=True)

    def refused() -> list[dict[str, Any]]:
        assert page(deployed) == 2
        return counted(deployed, "BadValues")

    line = eventually(refused)[-1]
    assert (line["setting"], line["level"], line["Environment"]) == ("page-limit", "WARN", "dev")
    assert "expected a whole number from 1 to 1000" in line["message"]
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "tap/configuration"


@pytest.mark.row("R25")
def test_while_parameter_store_is_away_the_last_values_hold_and_it_is_counted(deployed: Deployed) -> None:
    assert deployed.run("config", "set", "dev", "page-limit", "2") == 0
    assert eventually(lambda: page(deployed) == 2)
    faults = Faults(url=deployed.aws.url, account=deployed.manifest.account)
    faults.add(service="ssm", action="GetParametersByPath", error="InternalServerError", status=500)
    try:

        def away() -> list[dict[str, Any]]:
            assert page(deployed) == 2
            return counted(deployed, "FailedReads")

        assert eventually(away)
    finally:
        faults.clear()
    assert deployed.run("config", "unset", "dev", "page-limit") == 0
    assert eventually(lambda: page(deployed) != 2)
