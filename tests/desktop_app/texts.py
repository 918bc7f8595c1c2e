"""Collects every English text that the window may show, by reading the sources."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from core import catalog
from core.engine.phases import PHASES
from core.settings.base import describe

ROOT = Path(__file__).parents[2]
# Function -> position of the argument that is English text.
WINDOW_CALLS = {
    "tr": 0,
    "mark": 0,
    "say": 1,
    "label": 0,
    "button": 0,
    "show_message": 0,
    "show_counts": 0,
    "rest": 0,
    "_ask": 0,
    "_menu": 0,
    "_submenu": 1,
    "_action": 1,
    "DropArea": 1,
}
# Choices that are called so in every language.
NAMES = {"adamw", "sgd", "relu", "gelu", "tanh", "sigmoid", "wasserstein", "imagenet", "caffe"}
NAMES |= {"utf-8", "utf-16", "latin-1", "gb18030", "big5", "cp932", "euc-jp", "cp949", "iso8859-2", "koi8-r", "cp866"}
NAMES |= {"cp1250", "cp1251", "cp1252", "cp1253", "cp1254"}
CORE_CALLS = {"UserError": 0, "Log": 0, "Status": 1, "Skipped": 1, "DecodeError": 0, "Skip": 0, "because": 0}


def window_texts() -> set[str]:
    """Literals in the window's sources, and the phases that it shows."""
    found = set(PHASES.values())
    for file in (ROOT / "desktop_app").rglob("*.py"):
        found |= set(_literals(file, {**WINDOW_CALLS, **CORE_CALLS}, ("tip", "hint", "message")))
    return {text for text in found if _is_text(text)}


def core_texts() -> set[str]:
    """Literals that the engines send, and that the window translates: all of core's but the command line's."""
    found = set()
    for file in (ROOT / "core").rglob("*.py"):
        if not file.is_relative_to(ROOT / "core" / "cli"):
            found |= set(_literals(file, CORE_CALLS, ("hint", "message")))
    return {text for text in found if _is_text(text)}


def settings_texts() -> set[str]:
    """Titles, helps, units, groups and choices of all settings, and what the catalog calls its rows."""
    found = {text for kind in catalog.KINDS.values() for text in (kind.use, kind.refusal)}
    found |= {
        text
        for name in catalog.embedded("pictures")
        for text in (catalog.DATASETS[name].title, catalog.DATASETS[name].help)
    }
    for row in (*catalog.MODELS.values(), *catalog.TASKS.values()):
        found |= {row.title, getattr(row, "help", "")}
        if not row.settings:
            continue
        for field in catalog.load(row.settings).model_fields.values():
            known = describe(field)
            found |= {field.title or "", field.description or "", known.get("unit", ""), known.get("group", "")}
            found |= _choices(field.annotation) - NAMES
    return {text for text in found if _is_text(text)}


def written_texts() -> set[str]:
    """Every literal of core and the window, whoever shows it."""
    files = [file for folder in ("core", "desktop_app") for file in (ROOT / folder).rglob("*.py")]
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _choices(annotation: Any) -> set[str]:
    """The words that a field lets one choose from; a field of several takes them as typed text instead."""
    if get_origin(annotation) is Literal:
        return {str(choice) for choice in get_args(annotation)}
    return set().union(*map(_choices, get_args(annotation))) if type(None) in get_args(annotation) else set()


def _is_text(text: str) -> bool:
    """Whether a person reads it: not empty, not only values."""
    return any(sign.isalpha() for sign in re.sub(r"\{\w*\}", "", text))


def _literals(file: Path, calls: dict[str, int], keywords: tuple[str, ...]) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Return) and node.value is not None:  # reasons are returned as whole sentences
            yield from (text for text in _strings(node.value) if re.fullmatch(r"[A-Z].* .*\.", text))
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in keywords:
            yield from _strings(node.value)
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in calls:
            continue
        position = calls[name]
        arguments = node.args[position : position + (2 if name in ("DropArea", "Status") else 1)]
        arguments += [keyword.value for keyword in node.keywords if keyword.arg in keywords]
        for argument in arguments:
            yield from _strings(argument)


def _strings(node: ast.expr) -> Iterator[str]:
    """A literal, or the two of `"a" if x else "b"`, or those of a literal mapping."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _strings(node.body)
        yield from _strings(node.orelse)
