"""What a resource keeps while it is changed in place, and which of its properties replace it.

The registry promises that a resource's primary identifier never changes, and that a create-only property changes only by
replacement (CloudFormation CLI user guide, "Resource type schema"). The table `identity.json` is made from the schemas that cfn-lint
bundles, since the deployer does not read them: ``python -m deploy.review.identity`` writes it anew, and a test fails when it is
stale.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("identity.json")

# Attributes that no schema names as identifying: (type, attribute) -> the properties that they follow, () for none.
# Sources: the types' pages in the CloudFormation template reference, "Return values".
FOLLOWS: dict[tuple[str, str], tuple[str, ...]] = {
    ("AWS::ApiGateway::RestApi", "RootResourceId"): (),
    ("AWS::DynamoDB::GlobalTable", "StreamArn"): ("StreamSpecification",),
    ("AWS::DynamoDB::GlobalTable", "TableId"): (),
    ("AWS::DynamoDB::Table", "StreamArn"): ("StreamSpecification",),
    ("AWS::EC2::SecurityGroup", "GroupId"): (),
    ("AWS::EC2::VPC", "DefaultNetworkAcl"): (),
    ("AWS::EC2::VPC", "DefaultSecurityGroup"): (),
    ("AWS::IAM::ManagedPolicy", "PolicyId"): (),
    ("AWS::IAM::Role", "RoleId"): (),
    ("AWS::IAM::User", "UserId"): (),
    ("AWS::Lambda::Version", "Version"): (),
    ("AWS::S3::Bucket", "DomainName"): (),
    ("AWS::S3::Bucket", "DualStackDomainName"): (),
    ("AWS::S3::Bucket", "RegionalDomainName"): (),
    ("AWS::S3::Bucket", "WebsiteURL"): (),
}

# An update in place gives these a new physical id: a job definition's next revision, whatever a custom resource answers.
_NEVER = ("AWS::Batch::JobDefinition", "AWS::CloudFormation::CustomResource", "Custom::", "AWS::CloudFormation::Macro")


def keeps_its_name(kind: str) -> bool:
    """True where ``Ref`` gives the same after a change in place."""
    return bool(kind) and not kind.startswith(_NEVER)


def follows(kind: str, attribute: str) -> tuple[str, ...] | None:
    """The properties that an attribute follows while the resource stays, () where it never changes, None where nobody says."""
    if not keeps_its_name(kind):
        return None
    if attribute == "Arn" or attribute in table().get(kind, ([], []))[0]:
        return ()
    return FOLLOWS.get((kind, attribute))


@cache
def table() -> dict[str, tuple[list[str], list[str]]]:
    """Type -> its identifying attributes (but for ``Arn``, which identifies wherever it is), and what replaces it."""
    found: dict[str, tuple[list[str], list[str]]] = json.loads(TABLE.read_text(encoding="utf-8"))
    return found


def replacing(kind: str) -> list[str] | None:
    """The properties whose change replaces the resource, or may; None where no schema says."""
    return table()[kind][1] if kind in table() else None


def derive() -> dict[str, tuple[list[str], list[str]]]:
    """Read the table from cfn-lint's schemas: the types of us-east-1, CloudFormation's largest set."""
    import cfnlint
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    schemas = Path(cfnlint.__file__).parent / "data" / "schemas"
    provider = schemas / "providers" / "us-east-1.json"
    types: dict[str, str] = json.loads(provider.read_text(encoding="utf-8"))
    made = {}
    for kind, digest in sorted(types.items()):
        schema = json.loads((schemas / "resources" / f"{digest}.json").read_text(encoding="utf-8"))
        attributes = set(PROVIDER_SCHEMA_MANAGER.get_resource_schema(provider.stem, kind).get_atts) - {"Arn"}
        fixed = [*schema.get("createOnlyProperties", ()), *schema.get("conditionalCreateOnlyProperties", ())]
        identifying = {pointer.split("/")[2] for pointer in [*schema.get("primaryIdentifier", ()), *fixed] if pointer.count("/") == 2}
        made[kind] = (sorted(identifying & attributes), sorted({pointer.split("/")[2] for pointer in fixed}))
    return made


def written(made: dict[str, tuple[list[str], list[str]]]) -> str:
    """One type a line."""
    lines = (f"{json.dumps(kind)}:{json.dumps(entry, separators=(',', ':'))}" for kind, entry in made.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    TABLE.write_text(written(derive()), encoding="utf-8")
