"""The errors: one family, each with the exit code that the documents give it."""

from __future__ import annotations

import re

import pytest

from deploy import errors
from deploy.aws.failures import AwsRefusal

CODES = {
    "DeployError": 1,
    "Invalid": 2,
    "Refused": 4,
    "Denied": 5,
    "CredentialsExpired": 5,
    "Conflict": 6,
    "RolledBack": 7,
    "Unverified": 7,
    "Partly": 7,
    "Stuck": 8,
    "OutcomeUnknown": 75,
    "Interrupted": 130,
}


def kinds() -> list[type[errors.Told]]:
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.Told) and kind is not errors.Told]


def test_every_error_has_its_exit_code_and_the_tree_in_the_module_says_the_same() -> None:
    assert {kind.__name__: kind.code for kind in kinds()} == CODES
    drawn = re.findall(r"^ {4,}(\w+) +(\d+)", errors.__doc__ or "", re.MULTILINE)
    assert {name: int(code) for name, code in drawn} == CODES
    assert AwsRefusal.code == 1, "whoever expects a refusal says what it means; one that nobody expected is a fault"


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_an_error_says_its_subject_what_is_so_and_what_to_do(kind: type[errors.Told]) -> None:
    error = kind("stack tap-app-dev", "it is busy", "wait", ("a line", "another"))
    assert str(error) == error.text == "stack tap-app-dev: it is busy\n  wait"
    assert error.details == ("a line", "another")
    assert kind("plan", "gone").text == "plan: gone"
    assert error.word
