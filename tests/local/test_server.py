"""The local AWS is started, found, reset and stopped, and says what is wrong when it cannot be."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

import pytest

from deploy.local.server import LocalAws, LocalAwsError, Options, Running


def fake_interpreter(folder: Path, script: str) -> Path:
    made = folder / "python"
    made.write_text(f"#!/bin/sh\n{script}\n")
    made.chmod(0o755)
    return made


def test_a_server_is_started_found_by_another_command_reset_and_stopped(tmp_path: Path) -> None:
    started = LocalAws(folder=tmp_path).start(Options(minute_seconds=1))
    try:
        assert LocalAws(folder=tmp_path).status() == started
        assert LocalAws(folder=tmp_path).reset() == started
    finally:
        stopped = LocalAws(folder=tmp_path).stop()
    assert stopped == started
    assert LocalAws(folder=tmp_path).status() is None


def test_two_starts_at_once_give_one_server(tmp_path: Path) -> None:
    found: list[Running] = []
    starters = [threading.Thread(target=lambda: found.append(LocalAws(folder=tmp_path).start())) for _ in range(2)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    LocalAws(folder=tmp_path).stop()
    assert len(found) == 2
    assert found[0] == found[1]


def test_what_a_dead_server_left_behind_is_cleared_away(tmp_path: Path) -> None:
    state = tmp_path / "server.json"
    state.write_text(json.dumps({"pid": 1, "port": 1, "version": "1.5.33", "started": 0.0}))
    assert LocalAws(folder=tmp_path).status() is None
    assert not state.exists()


def test_a_state_that_cannot_be_read_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "server.json").write_text("{")
    assert LocalAws(folder=tmp_path).status() is None


def test_the_process_of_somebody_else_is_neither_found_nor_stopped(tmp_path: Path, local_aws: Running) -> None:
    """The number that was written down belongs to another process now: the test itself."""
    (tmp_path / "server.json").write_text(json.dumps({"pid": os.getpid(), "port": local_aws.port, "version": "1.5.33", "started": 0.0}))
    assert LocalAws(folder=tmp_path).stop() is None


def test_stopping_what_does_not_run_is_no_error(tmp_path: Path) -> None:
    assert LocalAws(folder=tmp_path / "nothing").stop() is None


def test_resetting_what_does_not_run_says_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(LocalAwsError, match="not running: start it with"):
        LocalAws(folder=tmp_path).reset()


def test_without_an_installation_the_error_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(LocalAwsError, match="run 'make install'"):
        LocalAws(folder=tmp_path, interpreter=tmp_path / "missing").start()


def test_a_server_that_ends_at_once_has_its_last_words_in_the_error(tmp_path: Path) -> None:
    python = fake_interpreter(tmp_path, "echo 'the overlay is written for ministack 1.5.33, found 9.9.9' >&2; exit 1")
    with pytest.raises(LocalAwsError, match=r"written for ministack 1\.5\.33, found 9\.9\.9"):
        LocalAws(folder=tmp_path, interpreter=python).start()


def test_an_environment_with_another_ministack_or_none_is_refused_by_the_overlay_itself(tmp_path: Path) -> None:
    """The interpreter of these tests has no MiniStack: it pins botocore, and so has an environment of its own."""
    with pytest.raises(LocalAwsError, match=r"written for ministack 1\.5\.33, found none: install deploy/local/requirements\.txt"):
        LocalAws(folder=tmp_path, interpreter=Path(sys.executable)).start()


def test_the_server_listens_on_the_loopback_address_alone(local_aws: Running) -> None:
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    addresses = {fields[1].split(":")[0] for fields in listening if fields[1].endswith(f":{local_aws.port:04X}") and fields[3] == "0A"}
    assert addresses == {"0100007F"}
