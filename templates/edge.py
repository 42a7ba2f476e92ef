"""A distribution of CloudFront in front of both regions, where no domain is: one name, whichever region serves.

Everything goes to the region that is active. Where it answers a read with an error of its own, the read goes to the other one by itself;
writes wait for the switch, since two regions that take writes of one client could contradict each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Equals, GetAtt, If, Not, Ref, Region, Sub, cloudfront

from resources.api import STAGE
from resources.naming import name
from templates.service import Service

if TYPE_CHECKING:
    from env.model import Environment

# The parameters that other stacks, and the switch, give.
FIRST_HOST, SECOND_HOST, ACTIVE_REGION = "FirstApiHost", "SecondApiHost", "ActiveRegion"
FIRST, SECOND = "first", "second"
_FIRST_SERVES = "FirstServes"
# CloudFront's own policies, the same in every account (Use managed cache, origin request and response headers policies):
# CachingDisabled, AllViewerExceptHostHeader, SecurityHeadersPolicy.
_NOT_CACHED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
_ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
_SECURE_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"

# A behaviour that takes writes may not lead to an origin group (CreateDistribution refuses it), so the group is made for each read
# (Helper methods for origin modification).
_CODE = """import cf from 'cloudfront';

function handler(event) {
  if (['GET', 'HEAD', 'OPTIONS'].includes(event.request.method)) {
    cf.createRequestOriginGroup({
      originIds: [{ originId: '${Active}' }, { originId: '${Other}' }],
      failoverCriteria: { statusCodes: [500, 502, 503, 504] }
    });
  }
  return event.request;
}
"""


def build(env: Environment) -> Service:
    """``env``: as the second region has it."""
    service = Service("distribution", env, "One name in front of both regions")
    service.template.add_condition(_FIRST_SERVES, Not(Equals(service.needs(ACTIVE_REGION), Region)))
    active, other = If(_FIRST_SERVES, FIRST, SECOND), If(_FIRST_SERVES, SECOND, FIRST)
    reads = service.add(
        cloudfront.Function(
            "Reads",
            Name=name(env, "reads", "edge function"),
            AutoPublish=True,
            FunctionCode=Sub(_CODE, Active=active, Other=other),
            FunctionConfig=cloudfront.FunctionConfig(
                Comment="Reads go to the other region where the active one fails", Runtime="cloudfront-js-2.0"
            ),
        )
    )
    distribution = service.add(
        cloudfront.Distribution(
            "Distribution",
            DistributionConfig=cloudfront.DistributionConfig(
                Comment=name(env, "edge", "tag"),
                Enabled=True,
                HttpVersion="http2and3",
                IPV6Enabled=True,
                Origins=[_origin(service, FIRST, FIRST_HOST), _origin(service, SECOND, SECOND_HOST)],
                DefaultCacheBehavior=cloudfront.DefaultCacheBehavior(
                    TargetOriginId=active,
                    ViewerProtocolPolicy="https-only",
                    AllowedMethods=["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
                    CachePolicyId=_NOT_CACHED,
                    OriginRequestPolicyId=_ALL_BUT_HOST,
                    ResponseHeadersPolicyId=_SECURE_HEADERS,
                    FunctionAssociations=[
                        cloudfront.FunctionAssociation(
                            EventType="viewer-request", FunctionARN=GetAtt(reads, "FunctionMetadata.FunctionARN")
                        )
                    ],
                ),
            ),
        )
    )
    service.gives("EdgeDistributionId", Ref(distribution), "Id of the distribution")
    service.gives("EdgeUrl", Sub("https://${Distribution.DomainName}"), "URL of the API in whatever region serves")
    return service


def _origin(service: Service, identifier: str, host: str) -> cloudfront.Origin:
    """One region's API. Two attempts of three seconds, so that a region that does not answer is left soon."""
    return cloudfront.Origin(
        Id=identifier,
        DomainName=service.needs(host),
        OriginPath=f"/{STAGE}",
        ConnectionAttempts=2,
        ConnectionTimeout=3,
        CustomOriginConfig=cloudfront.CustomOriginConfig(HTTPSPort=443, OriginProtocolPolicy="https-only", OriginSSLProtocols=["TLSv1.2"]),
    )
