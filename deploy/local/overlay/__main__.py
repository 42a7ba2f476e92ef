"""The emulator's process: MiniStack with the overlay on, until it is told to stop."""

from __future__ import annotations

import sys
from types import ModuleType

from . import (
    account_regions,
    alarm_properties,
    alarms,
    api_properties,
    bucket_properties,
    change_set_answers,
    change_set_permissions,
    change_sets,
    composite_alarms,
    condition_keys,
    delegated_administrators,
    dns_answers,
    effective_values,
    existing_names,
    function_permissions,
    function_properties,
    gate,
    global_tables,
    health_checks,
    identity_properties,
    loopback,
    network_types,
    operations,
    origin_failover,
    parameter_permissions,
    pipeline_types,
    public_apis,
    replacement,
    replication,
    resets,
    service_metrics,
    stack_actions,
    stack_answers,
    stack_set_answers,
    stack_set_auto_deployment,
    stack_set_instances,
    stack_set_organizations,
    stack_set_permissions,
    stack_set_persistence,
    stack_set_requests,
    stack_set_work,
    table_properties,
    template_urls,
    topic_properties,
    web_acl_types,
)
from .emulator import app

BEHAVIOURS: tuple[ModuleType, ...] = (
    template_urls,
    effective_values,
    operations,
    stack_actions,
    stack_answers,
    change_sets,
    change_set_answers,
    replacement,
    network_types,
    web_acl_types,
    pipeline_types,
    composite_alarms,
    alarm_properties,
    api_properties,
    public_apis,
    bucket_properties,
    function_permissions,
    function_properties,
    identity_properties,
    loopback,
    change_set_permissions,
    parameter_permissions,
    condition_keys,
    table_properties,
    global_tables,
    health_checks,
    dns_answers,
    origin_failover,
    replication,
    topic_properties,
    existing_names,
    alarms,
    service_metrics,
    stack_set_work,
    stack_set_requests,
    stack_set_instances,
    stack_set_answers,
    stack_set_organizations,
    stack_set_auto_deployment,
    stack_set_permissions,
    account_regions,
    delegated_administrators,
    stack_set_persistence,
    resets,
    gate,
)
"""In the order in which they are laid over MiniStack: what wraps comes after what it wraps."""


def main() -> None:
    # The folder that `-m` put here holds the deployer's own modules, which no function of the emulator may see.
    del sys.path[0]
    for behaviour in BEHAVIOURS:
        behaviour.install()
    app.main()


if __name__ == "__main__":
    main()
