"""Recipes: from a dict, JSON text, a file or a name to the JSON text or name that the library takes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import _netsuke
from ._errors import RecipeError

Recipe = Mapping[str, Any] | str | os.PathLike[str]


def recipe_text(recipe: Recipe) -> str:
    """What `nsk_model_compress` takes for `recipe`: JSON text, or the name of a recipe that ships with the library."""
    if isinstance(recipe, Mapping):
        try:
            return json.dumps(recipe, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise RecipeError(f"the recipe does not convert to JSON: {error}") from error
    if isinstance(recipe, str):
        if recipe.lstrip().startswith(("{", "[")) or not _looks_like_a_path(recipe):
            return recipe
    elif not isinstance(recipe, os.PathLike):
        raise TypeError(f"a recipe is a dict, JSON text, a path or a name, not {type(recipe).__name__}")
    return Path(recipe).read_text(encoding="utf-8")


def _looks_like_a_path(text: str) -> bool:
    return text.endswith(".json") or os.sep in text


def recipes() -> list[str]:
    """The names of the recipes that ship with the library."""
    names: list[str] = json.loads(_netsuke.recipe_names())
    return names


def recipe(name: str) -> dict[str, Any]:
    """The recipe of this name, to read or to change: `netsuke.recipe("int8")["steps"]`."""
    found: dict[str, Any] = json.loads(_netsuke.recipe_get(name))
    return found


def methods() -> Any:
    """Every method that a recipe's step may name, with its options, their ranges, defaults and meanings."""
    return json.loads(_netsuke.methods_describe())
