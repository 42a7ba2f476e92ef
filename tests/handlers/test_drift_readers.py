"""What CloudFormation cannot check is read, written out from the template, and never guessed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from shared.drift_detection import Resource
from shared.drift_expected import NotKnownError, Place, canonical
from shared.drift_readers import READERS, Readers

from resources import permissions

from .fakes import refusal

STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/tap-app-dev-Messaging-1/uuid"
URL = "https://sqs.us-east-1.amazonaws.com/123456789012/tap-jobs-dev"
ARN = "arn:aws:sqs:us-east-1:123456789012:tap-jobs-dev"
PLACE = Place(id=STACK, parameters={"Name": "given"}, names={"Jobs": URL}, types={"Jobs": "AWS::SQS::Queue"})


def test_there_is_a_reader_for_every_type_of_the_templates_that_has_no_handler_that_reads() -> None:
    assert {name for name, handlers in permissions.handlers().items() if "read" not in handlers} == READERS.keys()


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"Ref": "Name"}, "given"),
        ({"Ref": "Jobs"}, URL),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Fn::GetAtt": ["Jobs", "Arn"]}, ARN),
        ({"Fn::Sub": "${AWS::Partition}-${Jobs.Arn}-${!kept}"}, f"aws-{ARN}-${{kept}}"),
        ({"Fn::Sub": ["${Mine}", {"Mine": {"Ref": "Name"}}]}, "given"),
        ({"Fn::Join": ["/", ["a", {"Ref": "Name"}]]}, "a/given"),
        ({"List": [1, {"Ref": "AWS::AccountId"}]}, {"List": [1, "123456789012"]}),
    ],
    ids=str,
)
def test_expressions_are_written_out(node: Any, value: Any) -> None:
    assert PLACE.value(node) == value


@pytest.mark.parametrize(
    "node", [{"Fn::ImportValue": "x"}, {"Ref": "Nobody"}, {"Fn::GetAtt": ["Jobs", "QueueName"]}, {"Fn::If": []}], ids=str
)
def test_what_only_cloudformation_knows_is_not_guessed(node: Any) -> None:
    with pytest.raises(NotKnownError):
        PLACE.value([node])


def test_policies_are_compared_by_what_they_mean() -> None:
    one = {"Statement": [{"Action": ["b", "a"], "Resource": ["x"], "Condition": {"Bool": {"k": False}}}]}
    other = {"Statement": {"Action": ["a", "b"], "Resource": "x", "Condition": {"Bool": {"k": "false"}}}}
    assert canonical(one) == canonical(json.dumps(other))
    assert canonical(one) != canonical({"Statement": [{"Action": ["a"], "Resource": "x"}]})


class Clients:
    """One queue with a policy, and the stack that it is in. ``template``: the policy's properties."""

    def __init__(self, policy: Any, answer: Any) -> None:
        self.policy, self.answer = policy, answer

    def __call__(self, service: str) -> Any:
        return self

    def get_template(self, **_: Any) -> Any:
        return {"TemplateBody": {"Resources": {"Policy": {"Properties": {"Queues": [{"Ref": "Jobs"}], "PolicyDocument": self.policy}}}}}

    def describe_stacks(self, **_: Any) -> Any:
        return {"Stacks": [{}]}

    def get_queue_attributes(self, **_: Any) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"Attributes": {"Policy": json.dumps(self.answer)} if self.answer else {}}


def looked(policy: Any, answer: Any) -> Resource:
    members = (
        {"LogicalResourceId": "Jobs", "ResourceType": "AWS::SQS::Queue", "PhysicalResourceId": URL},
        {"LogicalResourceId": "Policy", "ResourceType": "AWS::SQS::QueuePolicy"},
    )
    resource = Resource(path="Messaging/Policy", type="AWS::SQS::QueuePolicy", physical_id="", status="NOT_CHECKED")
    return Readers(client=Clients(policy, answer)).look(STACK, members, resource)


@pytest.mark.parametrize(
    ("policy", "answer", "status"),
    [
        ({"Statement": []}, {"Statement": []}, "IN_SYNC"),
        ({"Statement": []}, {"Statement": ["other"]}, "MODIFIED"),
        ({"Statement": []}, None, "MODIFIED"),
        ({"Statement": []}, refusal("QueueDoesNotExist"), "DELETED"),
        ({"Statement": []}, refusal("AccessDenied"), "NOT_CHECKED"),
        ({"Statement": [{"Fn::ImportValue": "x"}]}, {"Statement": []}, "NOT_CHECKED"),
    ],
    ids=["same", "other", "none", "gone", "denied", "not known"],
)
def test_a_reader_says_what_it_sees_and_what_it_cannot_see(policy: Any, answer: Any, status: str) -> None:
    found = looked(policy, answer)
    assert found.status == status
    assert bool(found.reason) is (status == "NOT_CHECKED")
    assert found.read is (status != "NOT_CHECKED")


def test_a_fault_that_is_no_answer_of_aws_is_an_error() -> None:
    with pytest.raises(OSError, match="cut"):
        looked({"Statement": []}, OSError("cut"))
