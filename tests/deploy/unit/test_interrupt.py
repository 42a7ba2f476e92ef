"""Ctrl-C and a request to end, as real signals of a real process."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from deploy.interrupt import Interrupt
from tests.conftest import ROOT

# Waits inside the context until the signals come; says on each line what happens.
PROGRAM = """
import signal, sys, time
from deploy.errors import Interrupted
from deploy.interrupt import Interrupt

before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
say = lambda text: print(text, flush=True)
try:
    with Interrupt(lambda: say("first")):
        say("inside")
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            time.sleep(0.01)
except Interrupted as error:
    say(error.text)
    say("restored" if before == {number: signal.getsignal(number) for number in before} else "not restored")
    sys.exit(error.code)
"""


# The signal comes while the process writes: within the write, or right before or after it.
WRITES = """
import sys, time
from deploy.interrupt import Interrupt

told = []
def first():
    sys.stdout.write("first")
    sys.stdout.flush()
    told.append(True)

with Interrupt(first):
    deadline = time.monotonic() + 20
    while not told and time.monotonic() < deadline:
        sys.stdout.write("." * 8192)
        sys.stdout.flush()
"""


def ended(*signals: signal.Signals) -> tuple[list[str], int]:
    """What a process says to these signals, one after the other, and how it ends."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    said = [process.stdout.readline().strip()]
    for number in signals:
        process.send_signal(number)
        said.append(process.stdout.readline().strip())
    return [*said, *process.stdout.read().split("\n")], process.wait(timeout=20)


@pytest.mark.failure("interrupt")
def test_the_first_interrupt_says_how_to_come_back_and_the_second_leaves() -> None:
    said, code = ended(signal.SIGINT, signal.SIGINT)
    assert said[:2] == ["inside", "first"]
    assert "what runs in AWS goes on" in said[2]
    assert "restored" in said
    assert code == 130


@pytest.mark.failure("interrupt")
def test_an_interrupt_in_the_middle_of_a_print_says_its_words_and_breaks_nothing() -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITES], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.read(1) == "."
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    assert "first" in out


@pytest.mark.failure("interrupt")
@pytest.mark.parametrize("signals", [(signal.SIGTERM,), (signal.SIGINT, signal.SIGTERM)], ids=["at once", "after an interrupt"])
def test_a_request_to_end_leaves_at_once(signals: tuple[signal.Signals, ...]) -> None:
    said, code = ended(*signals)
    assert said.count("first") == len(signals) - 1
    assert "restored" in said
    assert code == 130


def test_the_handlers_of_before_are_there_again_after_all_ends() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Interrupt(lambda: None):
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] != before
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    with pytest.raises(ZeroDivisionError), Interrupt(lambda: None):
        _ = 1 / 0
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_in_another_thread_than_the_first_signals_are_nobodys_business() -> None:
    failed: list[BaseException] = []

    def work() -> None:
        try:
            with Interrupt(lambda: None):
                pass
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert failed == []
