"""From a piece of a template back to the value of the environment file that it comes from."""

from __future__ import annotations

import pytest

from templates.build import Built
from templates.influence import causes

SUBJECTS = {
    ("data", "Items", "Properties.Replicas.0.PointInTimeRecoverySpecification"): "table.point_in_time_recovery",
    ("compute", "ApiFunction", "Properties.MemorySize"): "lambda.memory",
    ("compute", "ApiFunction", "Properties.Runtime"): "lambda.runtime",
    ("messaging", "JobsQueue", "Properties.MessageRetentionPeriod"): "queue.retention_days",
    ("network", "Vpc", "Properties.CidrBlock"): "network.cidr",
    ("network", "PrivateSubnetB", "Properties.CidrBlock"): "network.private[1]",
    ("parameters", "PageLimitSetting", "Properties.Value"): "runtime.settings.page-limit.default",
    ("api", "LiveStage", "Properties.MethodSettings.0.ThrottlingRateLimit"): "api.throttle_rate",
    ("storage", "DataBucket", "Properties.LifecycleConfiguration.Rules.0.ExpirationInDays"): "storage.expiry_days",
}


@pytest.fixture(scope="module")
def found(builds: dict[str, Built]) -> dict[tuple[str, str, str], str]:
    return causes(builds["dev"], [*SUBJECTS, ("keys", "DataKey", "Properties.EnableKeyRotation")])


@pytest.mark.parametrize("subject", SUBJECTS, ids="/".join)
def test_a_property_is_traced_to_its_value(found: dict[tuple[str, str, str], str], subject: tuple[str, str, str]) -> None:
    assert found[subject] == SUBJECTS[subject]


def test_what_comes_from_no_value_has_no_cause(found: dict[tuple[str, str, str], str]) -> None:
    assert ("keys", "DataKey", "Properties.EnableKeyRotation") not in found
