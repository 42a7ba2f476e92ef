"""Faults of the libraries that we work around: each test fails as soon as the library is mended, and the way around can go."""

from __future__ import annotations

from typing import Any

import pytest
from awacs.aws import ArnLike, Condition, StringEquals
from awacs.sqs import SendMessage
from troposphere import awslambda, encode_to_dict

from resources import statements


def test_troposphere_gives_functions_a_logging_configuration_without_format() -> None:
    with pytest.raises(AttributeError, match="LogFormat"):
        awslambda.LoggingConfig(LogFormat="JSON")


def test_troposphere_gives_event_sources_a_scaling_configuration_without_concurrency() -> None:
    with pytest.raises(AttributeError, match="MaximumConcurrency"):
        awslambda.ScalingConfig(MaximumConcurrency=5)


def test_awacs_drops_the_first_of_two_conditions_of_one_operator() -> None:
    both = encode_to_dict(Condition([StringEquals("a", "1"), StringEquals("b", "2")]))
    assert both == {"StringEquals": {"b": "2"}}


def test_our_statements_keep_every_condition() -> None:
    made: dict[str, Any] = encode_to_dict(
        statements.allow_everywhere("X", [SendMessage], StringEquals("a", "1"), ArnLike("b", "2"), StringEquals("c", "3"))
    )
    assert made["Condition"] == {"StringEquals": {"aws:RequestedRegion": {"Ref": "AWS::Region"}, "a": "1", "c": "3"}, "ArnLike": {"b": "2"}}


def test_our_statements_sort_their_actions() -> None:
    from awacs import sqs

    made = encode_to_dict(statements.allow("X", [sqs.SendMessage, sqs.DeleteMessage], ["r"]))
    assert made["Action"] == ["sqs:DeleteMessage", "sqs:SendMessage"]


def test_generating_does_not_load_what_only_yaml_output_needs() -> None:
    import subprocess
    import sys

    from tests.conftest import ROOT

    script = "import sys, templates.build; assert 'cfn_flip.yaml_dumper' not in sys.modules; from troposphere import Template; print(Template().to_yaml())"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "Resources: {}"
