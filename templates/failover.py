"""What moves the traffic between the regions of an environment that has two: a switch, and with a domain its records and health checks.

Route 53 answers with the first region while that is well and the switch is off, and with the second one otherwise. The switch stands in the
second region: it must move also while the first one is out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, Ref, Region, Sub, Tags, apigateway, cloudwatch, route53
from troposphere.certificatemanager import Certificate, DomainValidationOption
from troposphere.validators.route53 import AliasTarget

from resources.alarms import latch
from resources.api import STAGE
from resources.artifacts import switch_namespace
from resources.naming import name
from templates.service import Service

if TYPE_CHECKING:
    from env.model import Environment
    from env.recovery import Domain

SWITCH = "switch"


def build(env: Environment) -> Service:
    """Of the first region, where there is a domain: it serves unless it is ill, or the switch says otherwise."""
    assert env.disaster_recovery
    assert env.disaster_recovery.domain
    service = Service("failover", env, "The API's own name, and whether this region serves it")
    health = _health(service)
    switch = service.add(
        route53.HealthCheck(
            "SwitchCheck",
            HealthCheckConfig=route53.HealthCheckConfig(
                Type="CLOUDWATCH_METRIC",
                AlarmIdentifier=route53.AlarmIdentifier(Name=name(env, SWITCH, "alarm"), Region=env.disaster_recovery.region),
                # It rings by single datapoints: between them what was said last holds, and at first it is healthy.
                InsufficientDataHealthStatus="LastKnownStatus",
            ),
            HealthCheckTags=_named(env, SWITCH),
        )
    )
    both = [Ref(health), Ref(switch)]
    serving = service.add(
        route53.HealthCheck(
            "ServingCheck",
            HealthCheckConfig=route53.HealthCheckConfig(Type="CALCULATED", ChildHealthChecks=both, HealthThreshold=len(both)),
            HealthCheckTags=_named(env, "serving"),
        )
    )
    _record(service, env.disaster_recovery.domain, "PRIMARY", serving)
    return service


def build_standby(env: Environment) -> Service:
    """Of the second region: the switch, and the record that counts while the first one's does not."""
    assert env.disaster_recovery
    service = Service("failover", env, "The switch between the regions")
    alarm = service.add(_switch(env, service.needs("AlarmTopicArn")))
    service.gives("SwitchAlarmName", Ref(alarm), "Name of the alarm that moves the traffic")
    if env.disaster_recovery.domain:
        _record(service, env.disaster_recovery.domain, "SECONDARY", _health(service))
    return service


def _switch(env: Environment, topic: Any) -> cloudwatch.Alarm:
    """In ALARM while the second region is to serve. It rings by a metric that the deployer writes, and missing data leave it as it is."""
    return latch(
        "SwitchAlarm",
        AlarmName=name(env, SWITCH, "alarm"),
        AlarmDescription="In ALARM: the second region serves",
        Namespace=switch_namespace(env),
        MetricName="Standby",
        AlarmActions=[topic],
        OKActions=[topic],
    )


def _health(service: Service) -> route53.HealthCheck:
    """This region's API, as seen from Route 53's own places."""
    host = Sub("${ApiId}.execute-api.${AWS::Region}.${AWS::URLSuffix}")
    service.needs("ApiId")
    return service.add(
        route53.HealthCheck(
            "ApiCheck",
            HealthCheckConfig=route53.HealthCheckConfig(
                Type="HTTPS",
                FullyQualifiedDomainName=host,
                Port=443,
                ResourcePath=f"/{STAGE}/health",
                RequestInterval=10,
                FailureThreshold=3,
                EnableSNI=True,
            ),
            HealthCheckTags=_named(service.env, "api"),
        )
    )


def _record(service: Service, domain: Domain, role: str, check: route53.HealthCheck) -> None:
    """The name in this region: its certificate, API Gateway's domain, and the record that leads there."""
    certificate = service.add(
        Certificate(
            "Certificate",
            DomainName=domain.name,
            ValidationMethod="DNS",
            DomainValidationOptions=[DomainValidationOption(DomainName=domain.name, HostedZoneId=domain.hosted_zone)],
        )
    )
    own = service.add(
        apigateway.DomainName(
            "ApiDomain",
            DomainName=domain.name,
            RegionalCertificateArn=Ref(certificate),
            EndpointConfiguration=apigateway.EndpointConfiguration(Types=["REGIONAL"]),
            SecurityPolicy="TLS_1_2",
        )
    )
    service.add(
        apigateway.BasePathMapping("ApiMapping", DomainName=Ref(own), RestApiId=service.needs("ApiId"), Stage=STAGE),
        route53.RecordSetType(
            "ApiRecord",
            Name=domain.name,
            Type="A",
            HostedZoneId=domain.hosted_zone,
            SetIdentifier=Region,
            Failover=role,
            HealthCheckId=Ref(check),
            AliasTarget=AliasTarget(  # type: ignore[no-untyped-call]  # troposphere's own is written without types
                dnsname=GetAtt(own, "RegionalDomainName"),
                hostedzoneid=GetAtt(own, "RegionalHostedZoneId"),
                evaluatetargethealth=False,
            ),
        ),
    )
    service.gives("ApiDomainUrl", f"https://{domain.name}", "URL of the API in whatever region serves")


def _named(env: Environment, thing: str) -> Tags:
    return Tags(Name=name(env, thing, "tag"))
