"""The REST API: regional, IAM authorized but for its health check, validated, throttled, logged, traced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awacs import awslambda as actions
from troposphere import AccountId, GetAtt, Ref, Sub, apigateway, wafv2
from troposphere import awslambda as lambda_

from resources import statements
from resources.api import ITEM_SCHEMA, STAGE, Route, deployment, method, regional_api, stage, web_acl
from resources.logs import log_group
from resources.naming import log_group_name, name
from templates.service import Service

if TYPE_CHECKING:
    from env.model import Environment


def build(env: Environment) -> Service:
    service = Service("api", env, "REST API of items")
    api = service.add(regional_api("RestApi", name(env, "api", "api"), f"Items of {env.project} {env.name}"))
    parts = _methods(service, api)
    service.add(_permission(service, api))
    snapshot = service.add(deployment(api, parts))
    live = _stage(service, api, snapshot)
    if env.api.waf:
        _web_acl(service, live)
    service.gives("ApiId", Ref(api), "Id of the REST API")
    service.gives("ApiName", name(env, "api", "api"), "Name of the REST API, as its metrics have it")
    if env.disaster_recovery:
        service.gives("ApiHost", Sub("${RestApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}"), "Host of the API in this region alone")
    service.gives("ApiUrl", Sub(f"https://${{RestApi}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{STAGE}"), "URL of the API")
    return service


def _methods(service: Service, api: apigateway.RestApi) -> list[Any]:
    """Paths, methods, models and the validator: everything that a deployment snapshots."""
    root = GetAtt(api, "RootResourceId")
    health = service.add(apigateway.Resource("HealthPath", RestApiId=Ref(api), ParentId=root, PathPart="health"))
    items = service.add(apigateway.Resource("ItemsPath", RestApiId=Ref(api), ParentId=root, PathPart="items"))
    item = service.add(apigateway.Resource("ItemPath", RestApiId=Ref(api), ParentId=Ref(items), PathPart="{id}"))
    model = service.add(
        apigateway.Model("NewItemModel", RestApiId=Ref(api), Name="NewItem", ContentType="application/json", Schema=ITEM_SCHEMA)
    )
    validator = service.add(
        apigateway.RequestValidator(
            "Validator", RestApiId=Ref(api), Name="body-and-parameters", ValidateRequestBody=True, ValidateRequestParameters=True
        )
    )
    known = _authorization(service, api)
    checked = {"RequestValidatorId": Ref(validator)}
    routes = (
        Route(title="GetHealth", method="GET", resource=Ref(health), authorization={"AuthorizationType": "NONE"}, request=checked),
        Route(
            title="ListItems",
            method="GET",
            resource=Ref(items),
            authorization=known,
            request={**checked, "RequestParameters": {"method.request.querystring.limit": False}},
        ),
        Route(
            title="PostItem",
            method="POST",
            resource=Ref(items),
            authorization=known,
            request={**checked, "RequestModels": {"application/json": Ref(model)}},
        ),
        Route(
            title="GetItem",
            method="GET",
            resource=Ref(item),
            authorization=known,
            request={**checked, "RequestParameters": {"method.request.path.id": True}},
        ),
    )
    function = service.needs("ApiFunctionAliasArn")
    methods = [service.add(method(route, api, function)) for route in routes]
    return [health, items, item, model, validator, *methods]


def _authorization(service: Service, api: apigateway.RestApi) -> dict[str, Any]:
    """IAM, or a Cognito user pool where the environment names one."""
    settings = service.env.api
    if settings.authorization == "AWS_IAM":
        return {"AuthorizationType": "AWS_IAM"}
    authorizer = service.add(
        apigateway.Authorizer(
            "Authorizer",
            RestApiId=Ref(api),
            Name="user-pool",
            Type="COGNITO_USER_POOLS",
            IdentitySource="method.request.header.Authorization",
            ProviderARNs=[statements.arn(f"cognito-idp:userpool/{settings.user_pool}")],
        )
    )
    return {"AuthorizationType": "COGNITO_USER_POOLS", "AuthorizerId": Ref(authorizer)}


def _permission(service: Service, api: apigateway.RestApi) -> lambda_.Permission:
    """This API's live stage may call the function's alias."""
    return lambda_.Permission(
        "ApiMayCall",
        Action=str(actions.InvokeFunction.JSONrepr()),
        FunctionName=service.needs("ApiFunctionAliasArn"),
        Principal="apigateway.amazonaws.com",
        SourceAccount=AccountId,
        SourceArn=Sub(f"arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{api.title}}}/{STAGE}/*"),
    )


def _stage(service: Service, api: apigateway.RestApi, snapshot: apigateway.Deployment) -> apigateway.Stage:
    env, key = service.env, service.needs("LogsKeyArn")
    access = service.add(
        log_group("AccessLogGroup", log_group_name(env, "apigateway", "api"), retention_days=env.logs.retention_days, key_arn=key)
    )
    # API Gateway makes this group by itself, without key and end, unless it is there before.
    execution_name = Sub(f"API-Gateway-Execution-Logs_${{{api.title}}}/{STAGE}")
    execution = service.add(log_group("ExecutionLogGroup", execution_name, retention_days=env.logs.retention_days, key_arn=key))
    live = stage(env, "LiveStage", api, snapshot, GetAtt(access, "Arn"))
    live.DependsOn = execution.title
    return service.add(live)


def _behind_edge(env: Environment) -> bool:
    return env.disaster_recovery is not None and env.disaster_recovery.domain is None


def _web_acl(service: Service, live: apigateway.Stage) -> None:
    env = service.env
    acl = service.add(web_acl("WebAcl", name(env, "api", "web acl"), env.api.waf_rate_limit, behind_edge=_behind_edge(env)))
    stage_arn = Sub(f"arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}::/restapis/${{RestApi}}/stages/${{{live.title}}}")
    service.add(wafv2.WebACLAssociation("WebAclAssociation", ResourceArn=stage_arn, WebACLArn=GetAtt(acl, "Arn")))
    # AWS WAF logs only to groups of this prefix.
    group = service.add(
        log_group(
            "WebAclLogGroup",
            f"aws-waf-logs-{name(env, 'api', 'web acl')}",
            retention_days=env.logs.retention_days,
            key_arn=service.needs("LogsKeyArn"),
        )
    )
    destination = Sub(f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:${{{group.title}}}")
    service.add(wafv2.LoggingConfiguration("WebAclLogging", ResourceArn=GetAtt(acl, "Arn"), LogDestinationConfigs=[destination]))
