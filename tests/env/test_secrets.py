"""A secret in an environment file is refused wherever it stands, and no message shows any of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import env
from tests.conftest import ROOT

Edit = Callable[[str, str, str], Path]

OWNER = "owner: platform-team"
DEV = (ROOT / "env" / "dev.yaml").read_text(encoding="utf-8")

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


KEY = "AKIAIOSFODNN7EXAMPLE"

PLACES = {
    "a value that is read as a number": (f"{OWNER}\npassword: 0123456", "password: looks like a secret", "0123456"),
    "a number": (f"{OWNER}\npassword: 12345678", "password: looks like a secret", "12345678"),
    "a list": (f"{OWNER}\npasswords: [hunter22]", "passwords[0]: looks like a secret", "hunter22"),
    "a key": (f"{OWNER}\n{KEY}: x", "(not shown): key looks like a secret", KEY),
    "a key beside more": (f"{OWNER}\nx{KEY}9: x", "key looks like a secret", KEY),
    "an anchor": (f"owner: &{KEY} x", "owner: anchor &(not shown)", KEY),
    "an alias": (f"owner: *{KEY}", "owner: alias *(not shown)", KEY),
    "a tag": (f"owner: !{KEY} x", "owner: tag !(not shown)", KEY),
    "a comment": (f"{OWNER} # {KEY}", ":5:1: comment looks like a secret", KEY),
    "a text around it": (f"owner: 'AWS_SECRET={SECRETS['secret key']}'", "owner: looks like a secret", SECRETS["secret key"]),
    "a default that the environments replace": (f"{OWNER}\nlogs: {{retention_days: {KEY}}}", "retention_days: looks like a secret", KEY),
}


@pytest.mark.row("R02")
@pytest.mark.parametrize("case", PLACES)
def test_a_secret_is_found_wherever_it_stands(env_dir: Path, edit: Edit, case: str) -> None:
    text, expected, secret = PLACES[case]
    edit("defaults", OWNER, text)
    with pytest.raises(env.InvalidEnvironment) as refused:
        env.load(env_dir)
    assert expected in str(refused.value)
    assert secret not in str(refused.value)


def test_a_setting_may_be_named_for_a_token_as_long_as_its_value_is_none(env_dir: Path, edit: Edit) -> None:
    edit("defaults", "page-limit:", "token-minutes:")
    assert "token-minutes" in env.load(env_dir).environments[0].runtime.settings
    edit("defaults", 'default: "50"', 'default: "s3cr3t-s3cr3t"')
    with pytest.raises(env.InvalidEnvironment, match=r"token-minutes\.default: looks like a secret"):
        env.load(env_dir)


@pytest.mark.row("R02")
@given(at=st.integers(0, len(DEV)), secret=st.sampled_from(sorted(SECRETS.values())))
@example(at=DEV.index("memory"), secret=KEY)
@example(at=DEV.index("111111111111") + 1, secret=SECRETS["web token"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_no_message_shows_a_secret_that_was_put_anywhere(env_dir: Path, at: int, secret: str) -> None:
    (env_dir / "dev.yaml").write_text(DEV[:at] + secret + DEV[at:], encoding="utf-8")
    try:
        env.load(env_dir, ["dev"])
    except env.InvalidEnvironment as refused:
        assert secret[-12:] not in str(refused)
        assert secret[:12] not in str(refused)
