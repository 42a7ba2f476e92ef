"""Nouns are read by several threads at once, from the first time on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from deploy.lock import Holder
from deploy.noun import Noun, converted, decoded

ROOT = Path(__file__).parents[3]
TOGETHER = """
import json, sys, threading
sys.setswitchinterval(1e-6)
import msgspec
from deploy.noun import decoded
from deploy.record import Record

data = json.dumps({name: [] for name in reversed(Record.__struct_fields__)}).encode()
together = threading.Barrier(8)


def read():
    together.wait()
    try:
        decoded(data, Record)
    except msgspec.ValidationError:
        pass


threads = [threading.Thread(target=read) for _ in range(8)]
[one.start() for one in threads]
[one.join() for one in threads]
"""


def test_many_threads_may_be_the_first_to_read_a_noun() -> None:
    """Without the lock about one process in three ends with SIGSEGV."""
    codes = {subprocess.run([sys.executable, "-c", TOGETHER], cwd=ROOT, check=False, timeout=60).returncode for _ in range(12)}
    assert codes == {0}


def test_nouns_are_read_in_no_other_way() -> None:
    """`called.py` is a process of its own with one thread; a mapping of texts is no noun."""
    alone = {"deploy/noun.py", "deploy/verification/called.py", "deploy/verification/python.py"}
    found = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "deploy").rglob("*.py"))
        if re.search(r"msgspec\.(json\.decode\([^\n]*type=|convert\()", path.read_text(encoding="utf-8"))
    ]
    assert set(found) <= alone


class Point(Noun, frozen=True, kw_only=True):
    x: int


def test_a_noun_is_read_from_json_and_from_plain_data() -> None:
    assert decoded(b'{"x": 1}', Point) == converted({"x": 1}, Point) == Point(x=1)
    assert decoded(b'[{"x": 1}]', tuple[Point, ...]) == (Point(x=1),)


def test_what_is_none_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        converted({"y": 1}, Point)
    with pytest.raises(msgspec.DecodeError):
        decoded(b"{", Holder)
