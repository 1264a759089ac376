#!/usr/bin/env python3
"""Joins the description of the routes and the schemas of the wire model, and embeds both as C++.

Usage: embed_api.py OPENAPI.json SCHEMAS.json VERSION OUT.cc

OPENAPI.json is written by hand, SCHEMAS.json by sb_gen_types. Fails when a name is in both, when a reference leads
nowhere, when two operations have one name, or when a path and its parameters disagree.
"""
import json
import re
import sys

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
SCHEMAS = "#/components/schemas/"
DEFINITIONS = "#/$defs/"
DELIMITER = "sb_json"

SOURCE = """#include "sb/transport/api_description.h"

namespace sb::transport {{

std::string_view openapi_document() {{
  return {openapi};
}}

std::string_view json_schemas() {{
  return {schemas};
}}

}}  // namespace sb::transport
"""


class Wrong(Exception):
    """What is wrong with the description."""


def references(value):
    """Yields every reference below a value."""
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for element in value:
            yield from references(element)


def resolve(document, reference):
    """Returns what a reference within the document points to."""
    found = document
    for part in reference.removeprefix("#/").split("/"):
        if not isinstance(found, dict) or part not in found:
            raise Wrong(f"{reference} leads nowhere")
        found = found[part]
    return found


def check_operations(document):
    seen = set()
    for path, item in document["paths"].items():
        shared = item.get("parameters", [])
        for method in METHODS:
            operation = item.get(method)
            if operation is None:
                continue
            name = operation["operationId"]
            if name in seen:
                raise Wrong(f"two operations are called {name}")
            seen.add(name)
            described = set()
            for parameter in shared + operation.get("parameters", []):
                parameter = resolve(document, parameter["$ref"]) if "$ref" in parameter else parameter
                if parameter["in"] == "path":
                    described.add(parameter["name"])
            if described != set(re.findall(r"{(\w+)}", path)):
                raise Wrong(f"the parameters of {method} {path} are not those of its path")


def join(openapi, schemas, version):
    """Returns (the whole document, the schemas alone with references of their own)."""
    own = openapi["components"]["schemas"]
    both = own.keys() & schemas.keys()
    if both:
        raise Wrong(f"described twice: {', '.join(sorted(both))}")
    openapi["info"]["version"] = version
    openapi["components"]["schemas"] = {**own, **schemas}
    for reference in set(references(openapi)):
        resolve(openapi, reference)
    check_operations(openapi)
    text = json.dumps(openapi["components"]["schemas"]).replace(f'"{SCHEMAS}', f'"{DEFINITIONS}')
    alone = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Snapboard {version}",
        "$defs": json.loads(text),
    }
    return openapi, alone


def literal(text):
    if f"){DELIMITER}" in text:
        raise Wrong("the delimiter of the literal is part of the text")
    return f'R"{DELIMITER}({text}){DELIMITER}"'


def main(openapi_path, schemas_path, version, out):
    with open(openapi_path, encoding="utf-8") as file:
        openapi = json.load(file)
    with open(schemas_path, encoding="utf-8") as file:
        schemas = json.load(file)
    try:
        document, alone = join(openapi, schemas, version)
        text = SOURCE.format(openapi=literal(json.dumps(document, separators=(",", ":"))),
                             schemas=literal(json.dumps(alone, indent=2) + "\n"))
    except Wrong as error:
        print(f"{openapi_path}: {error}", file=sys.stderr)
        return 1
    with open(out, "w", encoding="utf-8") as file:
        file.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))
