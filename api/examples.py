"""Examples of whole answers, put together from what each field says of itself.

So a list shows its rows, and no example can lag behind the fields that it shows.
"""

from typing import Any

Schema = dict[str, Any]

#: What needs no words of its own.
PLAIN: dict[str, Any] = {"integer": 1, "boolean": False, "null": None}
FORMATS = {"date-time": "2026-11-23T10:02:11.042000Z"}


class NoExample(LookupError):
    """A field that shows nothing: give it `examples`."""


def example(schema: Schema, schemas: dict[str, Schema], path: str = "#") -> Any:
    """One value that `schema` allows. Raises NoExample."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return example(schemas[name], schemas, name)
    if schema.get("examples") or schema.get("enum"):
        return (schema.get("examples") or schema["enum"])[0]
    if "const" in schema or "default" in schema:
        return schema.get("const", schema.get("default"))
    return _of_kind(schema, schemas, path)


def _of_kind(schema: Schema, schemas: dict[str, Schema], path: str) -> Any:
    match schema:
        case {"anyOf": [choice, *_]}:
            return example(choice, schemas, path)
        case {"type": "object", "properties": properties}:
            fields = properties.items()
            return {name: example(of, schemas, f"{path}/{name}") for name, of in fields}
        case {"type": "array", "items": items}:
            return [example(items, schemas, f"{path}/0")]
        case {"format": known} if known in FORMATS:
            return FORMATS[known]
        case {"type": kind} if kind in PLAIN:
            return PLAIN[kind]
    raise NoExample(path)
