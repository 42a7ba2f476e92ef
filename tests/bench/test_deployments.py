"""What the bench of deployments rests on: the platform is as deep as is said, the relay counts, the tables say what is met."""

from __future__ import annotations

import http.client
import http.server
import threading
from functools import cache

import pytest

from tests.bench import deployment_figures, platform
from tests.bench.clock import Usage
from tests.bench.deployers import OURS
from tests.bench.deployments import CHANGE, CREATE, NOTHING, Deployments
from tests.bench.relay import Relay


def test_the_longest_chain_is_the_one_that_the_figures_name() -> None:
    @cache
    def end(service: str) -> int:
        return platform.CHAINS[service] + max(map(end, platform.NEEDS[service]), default=0)

    assert max(map(end, platform.CHAINS)) == platform.DEPTH


def test_every_service_is_as_long_a_chain_as_is_said() -> None:
    for name, document in platform.services().items():
        assert sum("DependsOn" in resource for resource in document["Resources"].values()) == platform.CHAINS[name] - 1


def test_a_change_touches_one_resource() -> None:
    before, after = platform.services(), platform.changed()
    touched = [
        (service, logical_id)
        for service, document in before.items()
        for logical_id, resource in document["Resources"].items()
        if resource != after[service]["Resources"][logical_id]
    ]
    assert touched == [platform.CHANGED]


class _Says(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def test_the_relay_counts_every_request_once_and_changes_nothing() -> None:
    """Several on one connection, and one whose body is larger than what is read at once."""
    bodies = [b"a", b"b" * 300_000, b"c"]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Says) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with Relay(server.server_address[1]) as relay:
            connection = http.client.HTTPConnection(relay.url.removeprefix("http://"), timeout=10)
            answers = []
            for body in bodies:
                connection.request("POST", "/", body)
                answers.append(connection.getresponse().read())
            connection.close()
            assert answers == bodies
            assert relay.requests == len(bodies)
        server.shutdown()


def test_a_request_line_that_two_reads_share_is_counted_once() -> None:
    line = b"POST / HTTP/1.1\r\n"
    for cut in range(len(line) + 1):
        with Relay(0) as relay:
            tail = relay._count(b"", line[:cut])
            relay._count(tail, line[cut:] + b"Host: here\r\n\r\n")
        assert relay.requests == 1


@pytest.mark.parametrize(("seconds", "met"), [(1.1, "yes"), (1.2, "no")], ids=["within", "beyond"])
def test_a_target_is_met_or_not(seconds: float, met: str) -> None:
    usage = Usage(wall=seconds, cpu=0.1, mib=1)
    peer = Usage(wall=2.0, cpu=0.1, mib=1)
    found = Deployments(
        usages={operation: {OURS: usage, "peer": peer} for operation in (CREATE, NOTHING, CHANGE)},
        requests={},
        work={CREATE: 1.0, CHANGE: 1.0},
        recorded={},
        starts={},
        versions={},
        missing=[],
        runs=1,
    )
    rows = deployment_figures.targets(found).splitlines()[2:]
    assert [row.split("|")[-2].strip() for row in rows] == [met, "yes"]
