"""Whether users reach the target: asked by the name that both regions share, over HTTP, until an answer is from there."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from deploy.failover import asking
from deploy.verification.model import HttpCheck
from tests.deploy.pair import FAR
from tests.local.conftest import REGION

pytestmark = pytest.mark.row("R16")

NAME = "api.example.org"


@dataclass
class Server:
    """Answers one after the other of ``answers``, the last one again and again; ``asked``: the Host headers."""

    answers: list[tuple[int, str]]
    asked: list[str] = field(default_factory=list)
    port: int = 0


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(answers=[])

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.headers["Host"])
            status, body = made.answers.pop(0) if len(made.answers) > 1 else made.answers[0]
            if not status:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = listening.server_port
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield made
    listening.shutdown()
    listening.server_close()


@dataclass
class Clock:
    """Time that passes by sleeping alone, a minute each time."""

    now: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += 60

    def __call__(self) -> float:
        return self.now


def front(port: int, said: list[str] | None = None, name: str = NAME) -> asking.Front:
    clock = Clock()
    say = (said if said is not None else []).append
    where = f"http://127.0.0.1:{port}" if port else None
    return asking.Front(url=f"https://{name}", check=HttpCheck(path="/health"), endpoint=where, say=say, sleep=clock.sleep, clock=clock)


def says(region: str) -> tuple[int, str]:
    return 200, json.dumps({"status": "ok", "region": region})


def test_it_waits_until_the_target_answers_and_says_once_for_what(server: Server) -> None:
    server.answers = [says(REGION), says(REGION), (0, ""), (502, "{}"), says(FAR)]
    said: list[str] = []
    found = front(server.port, said).ask(FAR)
    assert (found.ok, found.attempts, found.reason) == (True, 5, "")
    assert (found.check, found.name) == ("front", f"GET https://{NAME}/health")
    assert set(server.asked) == {NAME}
    assert [words.partition(": ")[2].split(";")[0] for words in said] == [
        f"it is answered from {REGION}",
        f"{NAME} does not answer: Remote end closed connection without response",
        "status 502, expected 200",
    ]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (says(REGION), f"it is answered from {REGION}"),
        ((502, json.dumps({"region": FAR})), "status 502, expected 200"),
        ((0, ""), f"{NAME} does not answer: Remote end closed connection without response"),
    ],
)
def test_what_does_not_come_from_the_target_in_time_has_failed(server: Server, answer: tuple[int, str], reason: str) -> None:
    server.answers = [answer]
    found = front(server.port).ask(FAR)
    assert (found.ok, found.reason) == (False, reason)
    assert found.seconds == asking.LONGEST_SECONDS


@pytest.mark.parametrize("body", ["fine", "[]", "{}", '{"region": null}'])
def test_an_answer_that_does_not_say_its_region_tells_nothing(server: Server, body: str) -> None:
    server.answers = [(200, body)]
    found = front(server.port).ask(FAR)
    assert (found.ok, found.attempts, found.reason) == (None, 1, "its answer does not say which region it is from")


def test_a_port_that_refuses_is_soon_left(server: Server) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = front(port).ask(FAR)
    assert (found.ok, found.attempts) == (None, asking.TRIES)
    assert "refused" in found.reason


def test_a_name_that_this_machine_does_not_know_is_soon_left() -> None:
    """``.invalid`` is no name anywhere (RFC 2606)."""
    found = front(0, name="api.invalid").ask(FAR)
    assert (found.ok, found.attempts) == (None, asking.TRIES)
    assert "api.invalid does not answer" in found.reason


# Through a custom domain of the local AWS, which is answered where its record leads
