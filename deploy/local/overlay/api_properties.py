"""What templates say of REST APIs reaches API Gateway: validators that validate, and access logs.

Models the user guide's AWS::ApiGateway::RequestValidator, AWS::ApiGateway::Method and AWS::ApiGateway::Stage.
"""

from __future__ import annotations

from typing import Any

from .emulator import apigateway, provisioners
from .extension import extend, true


def _apply_validator(physical_id: str, properties: dict[str, Any], former: dict[str, Any]) -> None:
    validators = apigateway._request_validators.setdefault(properties["RestApiId"], {})
    validators[physical_id] = {
        "id": physical_id,
        "name": properties.get("Name", ""),
        "validateRequestBody": true(properties.get("ValidateRequestBody")),
        "validateRequestParameters": true(properties.get("ValidateRequestParameters")),
    }


def _delete_validator(physical_id: str, properties: dict[str, Any]) -> None:
    apigateway._request_validators.get(properties["RestApiId"], {}).pop(physical_id, None)


def _apply_method(physical_id: str, properties: dict[str, Any], former: dict[str, Any]) -> None:
    resource = apigateway._resources[properties["RestApiId"]][properties["ResourceId"]]
    method = resource["resourceMethods"][properties["HttpMethod"]]
    method["requestValidatorId"] = properties.get("RequestValidatorId")


def _apply_stage(physical_id: str, properties: dict[str, Any], former: dict[str, Any]) -> None:
    stage = apigateway._stages_v1[properties["RestApiId"]][properties["StageName"]]
    given = properties.get("AccessLogSetting")
    stage["accessLogSettings"] = {"destinationArn": given["DestinationArn"], "format": given.get("Format", "")} if given else {}


def install() -> None:
    extend("AWS::ApiGateway::RequestValidator", _apply_validator)
    provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RequestValidator"]["delete"] = _delete_validator
    extend("AWS::ApiGateway::Method", _apply_method)
    extend("AWS::ApiGateway::Stage", _apply_stage)
