"""netsuke recipes: the recipes that ship with the library, and the methods to write others with."""

from __future__ import annotations

import argparse
import json
from typing import Any

from .. import methods, recipe, recipes
from .output import Answer, table

SUMMARY = "list the recipes that ship with the library, and the methods to write others with"
EPILOG = """\
examples:
  netsuke recipes
  netsuke recipes int8 > my-recipe.json
  netsuke recipes --methods

A recipe is JSON: {"steps": [{"method": "prune.magnitude", "sparsity": 0.8}, {"method": "quantize.affine", "weights": 8}]}.
Every step may say which layers it is for: "layers": {"exclude": ["first"]}. docs/recipes.md has all of it.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="print this recipe, to read or to change")
    parser.add_argument("--methods", action="store_true", help="list the methods and their options")


def run(options: argparse.Namespace) -> Answer:
    if options.name:
        found = recipe(options.name)
        return Answer(found, [json.dumps(found, indent=2)])
    if options.methods:
        known = methods()
        return Answer({"methods": known}, [_method_table(method) for method in known])
    all_recipes = [recipe(name) for name in recipes()]
    rows = [
        [str(entry.get("name", "")), str(entry.get("description", "")), " → ".join(step["method"] for step in entry["steps"])]
        for entry in all_recipes
    ]
    return Answer({"recipes": all_recipes}, [table("", ["recipe", "what it does", "steps"], rows, texts=3)])


def _method_table(method: dict[str, Any]) -> Any:
    rows = []
    for option in method.get("options", []):
        default = "needed" if option.get("required") else json.dumps(option.get("default"))
        rows.append([str(option["key"]), str(option.get("accepts", "")), default, str(option.get("summary", ""))])
    return table(f"{method['name']}: {method.get('summary', '')}", ["option", "is", "default", "meaning"], rows, texts=4)
