"""Templates with literal values where CloudFormation's functions stood, for checkers that read nothing but literals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.audit.subject import Document, Subject

_VARIABLE = re.compile(r"\$\{([^!}][^}]*)\}")
_ID = "00000000-0000-0000-0000-000000000000"

# What follows `arn:aws:` where the service's ARNs do not simply end in the resource's name; r, a and n stand for
# region, account and name.
_ARNS = {
    "AWS::ApiGateway::RestApi": "apigateway:{r}::/restapis/{n}",
    "AWS::CloudWatch::Alarm": "cloudwatch:{r}:{a}:alarm:{n}",
    "AWS::CloudWatch::CompositeAlarm": "cloudwatch:{r}:{a}:alarm:{n}",
    "AWS::CodeBuild::Project": "codebuild:{r}:{a}:project/{n}",
    "AWS::CodePipeline::Pipeline": "codepipeline:{r}:{a}:{n}",
    "AWS::DynamoDB::GlobalTable": "dynamodb:{r}:{a}:table/{n}",
    "AWS::DynamoDB::Table": "dynamodb:{r}:{a}:table/{n}",
    "AWS::Events::Rule": "events:{r}:{a}:rule/{n}",
    "AWS::IAM::ManagedPolicy": "iam::{a}:policy/{n}",
    "AWS::IAM::Role": "iam::{a}:role/{n}",
    "AWS::KMS::Key": f"kms:{{r}}:{{a}}:key/{_ID}",
    "AWS::Lambda::Function": "lambda:{r}:{a}:function:{n}",
    "AWS::Logs::LogGroup": "logs:{r}:{a}:log-group:{n}:*",
    "AWS::S3::Bucket": "s3:::{n}",
    "AWS::SNS::Topic": "sns:{r}:{a}:{n}",
    "AWS::SQS::Queue": "sqs:{r}:{a}:{n}",
    "AWS::WAFv2::WebACL": f"wafv2:{{r}}:{{a}}:regional/webacl/{{n}}/{_ID}",
}
_NAMES = (
    "RoleName",
    "ManagedPolicyName",
    "BucketName",
    "QueueName",
    "TopicName",
    "TableName",
    "FunctionName",
    "LogGroupName",
    "AlarmName",
    "Name",
)
# Types whose Ref is the ARN.
_REF_IS_ARN = ("AWS::IAM::ManagedPolicy", "AWS::SNS::Topic", "AWS::Lambda::Alias", "AWS::Lambda::Version")


class Filler:
    """Fills one template of one environment.

    ``keep_references`` leaves a Ref or GetAtt of a resource as it is, for rules that follow references inside a template.
    """

    def __init__(self, subject: Subject, template: Document, *, keep_references: bool = False) -> None:
        self.resources: Mapping[str, Document] = template["Resources"]
        self.template = template
        self.keep_references = keep_references
        self.subject = subject
        self.pseudo = {
            "AWS::AccountId": subject.account,
            "AWS::Partition": "aws",
            "AWS::Region": subject.region,
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": f"stack-{subject.name}",
            "AWS::StackId": f"arn:aws:cloudformation:{subject.region}:{subject.account}:stack/stack-{subject.name}/{_ID}",
        }

    def document(self) -> Document:
        return {**self.template, "Resources": {title: self.value(resource) for title, resource in self.resources.items()}}

    def value(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            function = {"Ref": self._ref, "Fn::GetAtt": self._get_att, "Fn::Sub": self._sub, "Fn::Join": self._join}.get(name)
            if function:
                return function(argument)
        return {key: self.value(item) for key, item in value.items()}

    def _ref(self, name: str) -> Any:
        if name in self.pseudo:
            return self.pseudo[name]
        if self.keep_references or name not in self.resources:
            return {"Ref": name}
        return self._arn(name) if self.resources[name]["Type"] in _REF_IS_ARN else self._name(name)

    def _get_att(self, argument: Any) -> Any:
        target, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        if self.keep_references or target not in self.resources:
            return {"Fn::GetAtt": argument}
        if attribute.endswith("Arn"):
            return self._arn(target)
        return self._name(target) if attribute.endswith("Name") else f"{target}-{attribute}"

    def _sub(self, argument: Any) -> Any:
        text, variables = (argument, {}) if isinstance(argument, str) else argument
        left: dict[str, Any] = {}

        def replace(match: re.Match[str]) -> str:
            name = match.group(1).strip()
            given = variables[name] if name in variables else {"Fn::GetAtt": name} if "." in name else {"Ref": name}
            value = self.value(given)
            if isinstance(value, str):
                return value
            left.update({name: value} if name in variables else {})
            return match.group(0)

        filled = _VARIABLE.sub(replace, text)
        if left:
            return {"Fn::Sub": [filled, left]}
        return {"Fn::Sub": filled} if _VARIABLE.search(filled) else filled.replace("${!", "${")

    def _join(self, argument: Any) -> Any:
        separator, items = argument[0], self.value(argument[1])
        if isinstance(items, list) and all(isinstance(item, str) for item in items):
            return separator.join(items)
        return {"Fn::Join": [separator, items]}

    def _name(self, title: str) -> str:
        properties = self.resources[title].get("Properties", {})
        given = next((self.value(properties[key]) for key in _NAMES if key in properties), title)
        return given if isinstance(given, str) else title

    def _arn(self, title: str) -> str:
        kind = self.resources[title]["Type"]
        service = kind.split("::")[1].lower()
        pattern = _ARNS.get(kind, f"{service}:{{r}}:{{a}}:{{n}}")
        return "arn:aws:" + pattern.format(r=self.subject.region, a=self.subject.account, n=self._name(title))


def filled_services(subject: Subject) -> dict[str, Document]:
    """Each service's resources with literal values, those of other services that they name included."""
    flat = Filler(subject, subject.flat).document()
    services: dict[str, Document] = {}
    for flat_id, (service, logical_id) in subject.places.items():
        services.setdefault(service, {"Resources": {}})["Resources"][logical_id] = flat["Resources"][flat_id]
    return services | {name: Filler(subject, template).document() for name, template in subject.unmerged.items()}
