"""Typed parameters of rules: bounds and help live beside the field, in one place.

A rule declares a frozen dataclass whose fields are annotated with what they may be:

    @dataclass(frozen=True, slots=True)
    class MyParameters(Parameters):
        lookback_bars: Annotated[int, between(2, 500, "Bars to look back.")] = 20
        exposure_ratio: Annotated[Decimal, between("0.01", "5", "Multiple of NAV.")] = Decimal("1")

`parameters_from` reads raw values into it and reports every problem at once; `schema_of` describes
it as JSON Schema for forms and the API; `raw_from` writes it back for storage.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar, get_args, get_type_hints

from atlas.domain.errors import Bug, InvalidInput
from atlas.domain.units import plain


class ParameterProblems(InvalidInput):
    """Parameters are unknown, of the wrong type or out of range; `detail["problems"]` lists all."""

    code = "invalid_parameters"


@dataclass(frozen=True, slots=True)
class Spec:
    """What one parameter may be: a number in a range (both ends allowed) or one of few words."""

    text: str
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parameters:
    """Base of every rule's parameters."""

    def problems(self) -> Iterable[str]:
        """Name what is wrong between parameters that are each in range; nothing by default."""
        return ()


P = TypeVar("P", bound=Parameters)


def between(minimum: int | str, maximum: int | str, text: str) -> Spec:
    """Bound a number; fractions are given as strings to stay exact."""
    return Spec(text, Decimal(minimum), Decimal(maximum))


def one_of(choices: tuple[str, ...], text: str) -> Spec:
    """Bound a word."""
    return Spec(text, choices=choices)


@dataclass(frozen=True, slots=True)
class Declared:
    """One parameter as its rule declares it."""

    name: str
    kind: type
    spec: Spec
    default: Any

    @property
    def allowed(self) -> str:
        """Say in words what is allowed."""
        if self.spec.choices:
            return "one of " + ", ".join(self.spec.choices)
        noun = "a whole number" if self.kind is int else "a number"
        return f"{noun} from {self.spec.minimum} to {self.spec.maximum}"


def declared_by(parameters_type: type[Parameters]) -> tuple[Declared, ...]:
    """List a rule's parameters in the order of declaration; Bug where one lacks bounds."""
    hints = get_type_hints(parameters_type, include_extras=True)
    return tuple(
        _declared(parameters_type, f.name, hints[f.name], f.default)
        for f in fields(parameters_type)
    )


def _declared(owner: type[Parameters], name: str, hint: object, default: object) -> Declared:
    kind, *extras = get_args(hint) or (hint,)
    specs = [extra for extra in extras if isinstance(extra, Spec)]
    if len(specs) != 1 or default is MISSING or kind not in _READERS:
        raise Bug(
            f"{owner.__name__}.{name} must be an int, Decimal or str with one Spec and a default."
        )
    return Declared(name, kind, specs[0], default)


def parameters_from(parameters_type: type[P], raw: Mapping[str, Any]) -> P:
    """Read raw values (JSON or a form) into typed parameters; what is left out gets its default.

    Raises ParameterProblems with every problem and the allowed range of each.
    """
    declared = declared_by(parameters_type)
    known = {parameter.name for parameter in declared}
    problems = [
        f"{name} is unknown; known are {', '.join(sorted(known)) or 'none'}"
        for name in raw
        if name not in known
    ]
    values: dict[str, Any] = {}
    for parameter in declared:
        if parameter.name not in raw:
            continue
        value = _READERS[parameter.kind](raw[parameter.name], parameter.spec)
        if value is None:
            given = raw[parameter.name]
            problems.append(f"{parameter.name} must be {parameter.allowed}, not {given!r}")
        else:
            values[parameter.name] = value
    parameters = None if problems else parameters_type(**values)
    if parameters is not None:
        problems = list(parameters.problems())
    if parameters is None or problems:
        raise ParameterProblems("; ".join(problems) + ".", detail={"problems": problems})
    return parameters


def _read_integer(value: object, spec: Spec) -> int | None:
    number = _read_decimal(value, spec)
    return int(number) if number is not None and number == number.to_integral_value() else None


def _read_decimal(value: object, spec: Spec) -> Decimal | None:
    """Read a number exactly as written; True and False are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    if not number.is_finite() or spec.minimum is None or spec.maximum is None:
        return None
    return number if spec.minimum <= number <= spec.maximum else None


def _read_choice(value: object, spec: Spec) -> str | None:
    return value if isinstance(value, str) and value in spec.choices else None


_READERS: Mapping[type, Callable[[object, Spec], Any]] = {
    int: _read_integer,
    Decimal: _read_decimal,
    str: _read_choice,
}


def raw_from(parameters: Parameters) -> dict[str, Any]:
    """Write parameters as JSON values that `parameters_from` reads back unchanged."""
    values = {d.name: getattr(parameters, d.name) for d in declared_by(type(parameters))}
    return {name: plain(v) if isinstance(v, Decimal) else v for name, v in values.items()}


def schema_of(parameters_type: type[Parameters]) -> dict[str, Any]:
    """Describe parameters as JSON Schema.

    A Decimal is a string; its range stands in `x-minimum` and `x-maximum`, which JSON Schema has no
    word for.
    """
    defaults = raw_from(parameters_type())
    properties = {
        d.name: {"description": d.spec.text, "default": defaults[d.name], **_type_schema(d)}
        for d in declared_by(parameters_type)
    }
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _type_schema(declared: Declared) -> dict[str, Any]:
    spec = declared.spec
    if spec.minimum is None or spec.maximum is None:
        return {"type": "string", "enum": list(spec.choices)}
    if declared.kind is int:
        return {"type": "integer", "minimum": int(spec.minimum), "maximum": int(spec.maximum)}
    return {
        "type": "string",
        "format": "decimal",
        "x-minimum": plain(spec.minimum),
        "x-maximum": plain(spec.maximum),
    }
