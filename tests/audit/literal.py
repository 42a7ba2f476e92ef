"""A flat copy with every reference replaced by a value of the right form: what literal-only checkers need to see.

A rule that looks for a text does not find it behind a Ref or a Sub, and complains of what is right.
"""

from __future__ import annotations

import re
from typing import Any

from templates.build import AnyBuilt

_SUB = re.compile(r"\$\{([^}]*)\}")

# service of a resource type -> an ARN as its resources have it
_ARNS = {
    "DynamoDB": "arn:aws:dynamodb:{region}:{account}:table/{id}",
    "KMS": "arn:aws:kms:{region}:{account}:key/{id}",
    "Lambda": "arn:aws:lambda:{region}:{account}:function:{id}",
    "Logs": "arn:aws:logs:{region}:{account}:log-group:{id}:*",
    "IAM": "arn:aws:iam::{account}:role/{id}",
    "S3": "arn:aws:s3:::{id}",
}
# types whose Ref is their ARN
_REF_IS_ARN = ("AWS::SNS::Topic", "AWS::Lambda::Alias", "AWS::IAM::ManagedPolicy")


def literal_policies(built: AnyBuilt) -> dict[str, dict[str, Any]]:
    """Flat logical id -> document of every identity policy, with values filled in."""
    resources = built.flat["Resources"].items()
    return {
        flat_id: _Literal(built).value(resource["Properties"]["PolicyDocument"])
        for flat_id, resource in resources
        if resource["Type"] == "AWS::IAM::ManagedPolicy"
    }


def pseudo_resolved(built: AnyBuilt) -> dict[str, Any]:
    """The flat copy with account, region, partition and suffix filled in; references between resources stay."""
    literal = _Literal(built)
    return {**built.flat, "Resources": {key: literal.pseudo(resource) for key, resource in built.flat["Resources"].items()}}


class _Literal:
    def __init__(self, built: AnyBuilt) -> None:
        env = built.env
        self.types = {key: str(resource["Type"]) for key, resource in built.flat["Resources"].items()}
        self.values = {
            "AWS::AccountId": env.account,
            "AWS::Partition": "aws",
            "AWS::Region": env.region,
            "AWS::URLSuffix": "amazonaws.com",
        }

    def pseudo(self, value: Any) -> Any:
        """Only the pseudo parameters."""
        if isinstance(value, list):
            return [self.pseudo(item) for item in value]
        if not isinstance(value, dict):
            return value
        if value.get("Ref") in self.values:
            return self.values[value["Ref"]]
        text = value.get("Fn::Sub")
        if isinstance(text, str):
            filled = _SUB.sub(lambda match: self.values.get(match[1], match[0]), text)
            return {"Fn::Sub": filled} if "${" in filled else filled
        return {key: self.pseudo(item) for key, item in value.items()}

    def value(self, value: Any) -> Any:
        """Everything: references become names and ARNs."""
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "Ref" in value:
            return self._ref(value["Ref"])
        if "Fn::GetAtt" in value:
            return self._arn(value["Fn::GetAtt"][0])
        if "Fn::Join" in value:
            return value["Fn::Join"][0].join(self.value(part) for part in value["Fn::Join"][1])
        if "Fn::Sub" in value:
            argument = value["Fn::Sub"]
            return _SUB.sub(lambda match: self.values.get(match[1], match[1]), argument if isinstance(argument, str) else argument[0])
        return {key: self.value(item) for key, item in value.items()}

    def _ref(self, name: str) -> str:
        if name in self.values:
            return self.values[name]
        return self._arn(name) if self.types.get(name) in _REF_IS_ARN else name

    def _arn(self, name: str) -> str:
        service = self.types[name].split("::")[1]
        form = _ARNS.get(service, f"arn:aws:{service.lower()}:{{region}}:{{account}}:{{id}}")
        return form.format(region=self.values["AWS::Region"], account=self.values["AWS::AccountId"], id=name)
