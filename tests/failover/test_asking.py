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
from tests.deploy.world import ENVIRONMENT
from tests.failover.conftest import Twin
from tests.failover.test_story import history
from tests.local.apis import api, deployed
from tests.local.conftest import REGION
from tests.local.templates import get_att, template

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


def own_name(twin: Twin) -> str:
    return f"api-{twin.aws.account}.example.org"


def leading(twin: Twin) -> Twin:
    """The domain in both regions, with a record for the one that is in reserve alone: where traffic has moved."""
    name = own_name(twin)
    for region in (REGION, FAR):
        own = {"DomainName": name, "EndpointConfiguration": {"Types": ["REGIONAL"]}, "SecurityPolicy": "TLS_1_2"}
        certificate = {"DomainName": name, "ValidationMethod": "DNS"}
        mapping = {"DomainName": {"Ref": "Domain"}, "RestApiId": {"Ref": "Api"}, "Stage": "live", "BasePath": "health"}
        made = api(
            json.dumps({"status": "ok", "region": region}),
            ("Certificate", {"Type": "AWS::CertificateManager::Certificate", "Properties": certificate}),
            ("Domain", {"Type": "AWS::ApiGateway::DomainName", "Properties": own | {"RegionalCertificateArn": {"Ref": "Certificate"}}}),
            ("Mapping", {"Type": "AWS::ApiGateway::BasePathMapping", "Properties": mapping, "DependsOn": "Deployment"}),
        )
        made["Outputs"] |= {
            "Name": {"Value": get_att("Domain", "RegionalDomainName")},
            "Of": {"Value": get_att("Domain", "RegionalHostedZoneId")},
        }
        deployed(twin.aws, region, made, "front")
    return twin


def lead(twin: Twin, region: str) -> None:
    stack = twin.aws.client("cloudformation", region).describe_stacks(StackName="front")["Stacks"][0]
    found = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    alias = {"DNSName": found["Name"], "HostedZoneId": found["Of"], "EvaluateTargetHealth": False}
    record = {"Name": own_name(twin), "Type": "A", "HostedZoneId": {"Ref": "Zone"}, "AliasTarget": alias}
    zone = {"Type": "AWS::Route53::HostedZone", "Properties": {"Name": "example.org"}}
    made = template({"Zone": zone, "Record": {"Type": "AWS::Route53::RecordSet", "Properties": record}})
    twin.aws.create("names", made)


@pytest.mark.overlay
def test_after_the_switch_the_domain_is_asked_and_the_record_has_what_it_said(twin: Twin) -> None:
    lead(leading(twin), FAR)
    path = twin.folder / ENVIRONMENT / "manifest.json"
    written = json.loads(path.read_text())
    written["failover"]["domain"] = own_name(twin)
    written["checks"].append({"check": "http", "path": "/health"})
    path.write_text(json.dumps(written))
    answer = twin.run("failover", ENVIRONMENT, "--yes")
    assert answer.code == 0, answer.out + answer.err
    assert f"check front GET https://{own_name(twin)}/health passed" in answer.err
    record = history(twin, FAR)[0]
    (found,) = [one for one in record["checks"] if one["check"] == "front"]
    assert (found["name"], found["ok"]) == (f"GET https://{own_name(twin)}/health", True)
    assert FAR in found["output"]


@pytest.mark.overlay
def test_a_domain_whose_record_leads_to_the_other_region_has_not_moved(twin: Twin) -> None:
    lead(leading(twin), REGION)
    found = front(int(twin.aws.url.rpartition(":")[2]), name=own_name(twin)).ask(FAR)
    assert (found.ok, found.reason) == (False, f"it is answered from {REGION}")


def test_a_distribution_that_names_no_address_is_said_and_no_failure(edged: Twin) -> None:
    path = edged.folder / ENVIRONMENT / "manifest.json"
    written = json.loads(path.read_text())
    written["checks"].append({"check": "http", "path": "/health"})
    path.write_text(json.dumps(written))
    answer = edged.run("failover", ENVIRONMENT, "--yes")
    assert answer.code == 0, answer.out + answer.err
    assert f"whether users reach {FAR} is not known here: GET /health: stack tap-edge-dev has no output EdgeUrl" in " ".join(
        answer.err.split()
    )


def test_without_a_name_in_front_nothing_is_asked(twin: Twin) -> None:
    assert twin.run("failover", ENVIRONMENT, "--yes").code == 0
    assert not [one for one in history(twin, FAR)[0]["checks"] if one["check"] == "front"]
