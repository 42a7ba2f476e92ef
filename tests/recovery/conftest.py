"""The small world of tests/deploy, for the ways back."""

from __future__ import annotations

import pytest

from tests.deploy.conftest import aws, faults, local_aws, world

__all__ = ["aws", "faults", "local_aws", "world"]


# What `make test` runs as well; all are run by `make rehearse`.
QUICK = ("test_begun.py",)
ALWAYS = (
    "test_one_release_back_needs_no_build_of_it",
    "test_a_table_that_cannot_go_back_is_said_and_yes_is_not_enough",
    "test_an_update_is_cancelled_with_its_nested_stacks_while_another_process_follows_it",
    "test_a_rollback_that_failed_is_continued_once_its_cause_is_mended",
    "test_it_says_the_state_the_cause_what_is_in_the_way_and_every_way_out",
    "test_what_the_console_began_is_followed_shown_and_recorded",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "recovery" and item.path.name not in QUICK and item.name not in ALWAYS:
            item.add_marker(pytest.mark.rehearsal)
