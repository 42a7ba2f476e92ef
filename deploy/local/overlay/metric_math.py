"""Metric math for one period: arithmetic, comparisons, AND, OR, IF, FILL, ABS, MAX, MIN, SUM over metrics' ids.

Models the CloudWatch user guide's "Using math expressions with CloudWatch metrics", as far as one datapoint at a time goes:
where a metric has no datapoint the result has none, unless FILL says otherwise.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

Value = float | None

_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Pow: operator.pow,
}
_COMPARE: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: dict[str, Callable[..., float]] = {"ABS": abs, "MAX": max, "MIN": min, "SUM": lambda *values: sum(values)}


def value(expression: str, metrics: Mapping[str, Value]) -> Value:
    """The datapoint of ``expression`` in a period where ``metrics`` have these.

    Raises:
        ValueError: for what this model does not know.
    """
    python = expression.replace("&&", " and ").replace("||", " or ").replace(" AND ", " and ").replace(" OR ", " or ")
    return _of(ast.parse(python.strip(), mode="eval").body, metrics)


def _of(node: ast.expr, metrics: Mapping[str, Value]) -> Value:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return metrics[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _of(operand, metrics)
            return None if inner is None else -inner
        case ast.BinOp(left=left, op=op, right=right):
            return _arithmetic(op, _of(left, metrics), _of(right, metrics))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            pair = (_of(left, metrics), _of(right, metrics))
            return None if None in pair else float(_COMPARE[type(op)](*pair))  # type: ignore[arg-type]
        case ast.BoolOp(op=op, values=values):
            parts = [_of(part, metrics) for part in values]
            return None if None in parts else float(all(parts) if isinstance(op, ast.And) else any(parts))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _call(name, arguments, metrics)
    raise ValueError(f"metric math that the local AWS does not know: {ast.unparse(node)}")


def _arithmetic(op: ast.operator, left: Value, right: Value) -> Value:
    if left is None or right is None:
        return None
    if isinstance(op, ast.Div):
        return left / right if right else None
    return float(_BINARY[type(op)](left, right))


def _call(name: str, arguments: list[ast.expr], metrics: Mapping[str, Value]) -> Value:
    if name == "IF":
        condition = _of(arguments[0], metrics)
        return None if condition is None else _of(arguments[1 if condition else 2], metrics)
    if name == "FILL":
        filled = _of(arguments[0], metrics)
        return _of(arguments[1], metrics) if filled is None else filled
    if name not in _FUNCTIONS:
        raise ValueError(f"metric math that the local AWS does not know: {name}")
    values = [_of(argument, metrics) for argument in arguments]
    return None if None in values else float(_FUNCTIONS[name](*values))
