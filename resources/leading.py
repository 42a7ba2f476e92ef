"""What an execution role may do beyond one region: what leads traffic to one of two, and the copy of a table.

It comes to the roles in a template of its own (templates/bootstrap_failover.py). Patterns and sources are those of `scopes.py`; ``{domain}`` and
``{zone}`` are of the environment's file.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from awacs.aws import Bool, ConditionElement, Statement, StringEquals, StringEqualsIfExists
from troposphere import Sub

from resources import scopes, statements
from resources.execution import exact, own_tags, some

if TYPE_CHECKING:
    from env.model import AnyEnvironment

# What leads traffic to one of two regions; no other environment has any of these.
DOMAIN = frozenset(
    {
        "AWS::ApiGateway::BasePathMapping",
        "AWS::ApiGateway::DomainName",
        "AWS::CertificateManager::Certificate",
        "AWS::Route53::HealthCheck",
        "AWS::Route53::RecordSet",
    }
)
FAILOVER = DOMAIN | {"AWS::CloudFront::Distribution", "AWS::CloudFront::Function"}
# What fills a table's copy in another region.
FILLED = ("dynamodb:*Item", "dynamodb:Query", "dynamodb:Scan")
COPIED = "AWS::DynamoDB::GlobalTable"
# What may be done with them, and where: the first line that fits. API Gateway's name is the domain's, functions have the environment's own;
# certificates and distributions have ids, and are known by their tags once they have some; health checks have ids and nothing else.
LEADING: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("acm:RequestCertificate", "nameless", ()),
    ("acm:AddTagsToCertificate", "new", ("acm:<r>:<a>:certificate/*",)),
    ("acm:*", "tagged", ("acm:<r>:<a>:certificate/*",)),
    ("apigateway:*", "named", ("apigateway:<r>::/domainnames", "apigateway:<r>::/domainnames/{domain}*")),
    ("cloudfront:*Function", "named", ("cloudfront::<a>:function/{own}",)),
    ("cloudfront:CreateDistribution", "new", ("cloudfront::<a>:distribution/*",)),
    ("cloudfront:TagResource", "new", ("cloudfront::<a>:distribution/*", "cloudfront::<a>:function/{own}")),
    ("cloudfront:*agResource", "tagged", ("cloudfront::<a>:distribution/*", "cloudfront::<a>:function/{own}")),
    ("cloudfront:ListTagsForResource", "tagged", ("cloudfront::<a>:distribution/*", "cloudfront::<a>:function/{own}")),
    ("cloudfront:*", "tagged", ("cloudfront::<a>:distribution/*",)),
    ("route53:ChangeTagsForResource", "new", ("route53:::healthcheck/*",)),
    ("route53:*HealthCheck", "new", ("route53:::healthcheck/*",)),
    ("route53:ListTagsForResource", "new", ("route53:::healthcheck/*",)),
    ("route53:ListHostedZones", "nameless", ()),
    ("route53:GetChange", "new", ("route53:::change/*",)),
    ("route53:*", "named", ("route53:::hostedzone/{zone}",)),
)


def copying(env: AnyEnvironment, sid: str, actions: set[str]) -> list[Statement]:
    """On what a global table has in the other region, where it is made from here, and encrypted with the key there (DynamoDB global tables
    security). ``actions``: of its handlers.
    """
    assert env.disaster_recovery
    region, own = env.disaster_recovery.region, StringEquals(own_tags(env))
    tables = {action for action in actions if action.startswith("dynamodb:")}
    keys = [Sub(f"arn:${{AWS::Partition}}:kms:{region}:${{AWS::AccountId}}:key/*")]
    via = Sub(f"dynamodb.{region}.${{AWS::URLSuffix}}")
    there, here = scopes.patterns(env, "dynamodb")[-1:], scopes.patterns(env, "dynamodb")[:1]
    filled = {action for action in tables if scopes.matches(action, FILLED)}
    return [
        *some(f"{sid}Copies", tables, [Sub(arn) for arn in there]),
        # The copy is filled from the table that there is.
        *some(f"{sid}Items", filled, [Sub(arn) for arn in here]),
        *some(f"{sid}KeysUsed", actions & set(scopes.KEY_USE), keys, own, StringEquals("kms:ViaService", via)),
        *some(f"{sid}KeysGranted", actions & {"kms:CreateGrant"}, keys, own, Bool("kms:GrantIsForAWSResource", "true")),
        *some(f"{sid}Keys", actions & {"kms:DescribeKey", "kms:RevokeGrant"}, keys, own),
        *some(f"{sid}Aliases", actions & {"kms:ListAliases"}, ["*"], StringEquals("aws:RequestedRegion", region)),
    ]


def leading(env: AnyEnvironment, sid: str, actions: Iterable[str]) -> list[Statement]:
    """On what leads traffic to one of two regions. Route 53 and CloudFront know no region."""
    groups: dict[tuple[str, tuple[str, ...]], set[str]] = {}
    for action in actions:
        if found := place(env, action):
            groups.setdefault(found, set()).add(action)
    own = own_tags(env)
    conditions: dict[str, list[ConditionElement]] = {"tagged": [StringEquals(own)], "new": [StringEqualsIfExists(own)]}
    return [
        statements.allow(f"{sid}{number}", exact(wanted), [Sub(arn) for arn in arns] or ["*"], *conditions.get(kind, []))
        for number, ((kind, arns), wanted) in enumerate(sorted(groups.items()), 1)
    ]


def place(env: AnyEnvironment, action: str) -> tuple[str, tuple[str, ...]] | None:
    """How its statement says where, and the ARNs; none for an action of another kind of thing."""
    domain = env.disaster_recovery.domain if env.disaster_recovery else None
    names = {"{own}": f"{env.project}-*-{env.name}"} | ({"{domain}": domain.name, "{zone}": domain.hosted_zone} if domain else {})
    found = next(((kind, arns) for pattern, kind, arns in LEADING if fnmatchcase(action, pattern)), None)
    return (found[0], tuple(scopes.arn(scopes.named(arn, names), "${AWS::Region}") for arn in found[1])) if found else None
