"""Looks at the installation: which backends and devices there are, and what adds the missing ones."""

from __future__ import annotations

import importlib.metadata
import multiprocessing
import platform
import shutil
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from core import __version__, catalog
from core.errors import UserError
from core.events import text_of
from core.files.atomic import check_writable, path_exists
from core.jobs import installed_backends

PACKAGES = ("keras", "keras-hub", "tensorflow", "jax", "torch", "pyside6", "numpy", "pillow", "scikit-learn")
IMPORT_TIMEOUT_S = 120.0


def examine(workspace: Path, write_line: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Examines packages, backends, devices and the workspace. Imports each backend in a process of its own.

    Args:
        workspace: the folder whose free space is shown.
        write_line: called with one line for each thing, as soon as it is known: a backend may take 10 s.

    Returns:
        {"version", "python", "system", "packages": {name: version}, "backends": {name: {"installed", "works",
        "version", "devices", "error", "remedy"}}, "devices": ["tensorflow: cpu:0", ...], "workspace": {...}}.
    """
    python, system = platform.python_version(), platform.platform()
    write_line(f"Pixelwright {__version__}, Python {python}, {system}")
    place = _examine_workspace(workspace)
    state = f"{place['free_bytes'] / 1e9:.0f} GB free" if place["writable"] else place["error"]
    write_line(f"Workspace: {place['folder']} ({state})")
    installed = installed_backends()
    backends: dict[str, dict[str, Any]] = {}
    for name, title in catalog.BACKENDS.items():
        found = _import_elsewhere(name) if name in installed else {"devices": [], "error": "not installed"}
        row = backends[name] = {
            "installed": name in installed,
            "works": not found["error"],
            "version": _version(name),
            **found,
            "remedy": _remedy(name) if found["error"] else "",
        }
        shown = (
            f" {row['version']}: {', '.join(row['devices'])}" if row["works"] else f": {row['error']} ({row['remedy']})"
        )
        write_line(title + shown)
    return {
        "version": __version__,
        "python": python,
        "system": system,
        "packages": {name: _version(name) for name in PACKAGES},
        "backends": backends,
        "devices": [f"{name}: {device}" for name, found in backends.items() for device in found["devices"]],
        "workspace": place,
    }


def _remedy(backend: str) -> str:
    if getattr(sys, "frozen", False):
        return "not part of this build"
    return str(catalog.load("core.engine.backend:REMEDIES")[backend])


def _version(package: str) -> str:
    for name in (package, f"{package}-cpu"):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return ""


def _examine_workspace(folder: Path) -> dict[str, Any]:
    try:
        check_writable(folder)
    except UserError:
        return {
            "folder": str(folder),
            "writable": False,
            "free_bytes": 0,
            "error": "cannot be written: name another with --workspace",
        }
    existing = next(place for place in (folder, *folder.parents) if path_exists(place))
    return {"folder": str(folder), "writable": True, "free_bytes": shutil.disk_usage(existing).free, "error": ""}


def _import_elsewhere(backend: str) -> dict[str, Any]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_report_devices, args=(theirs, backend), daemon=True)
    process.start()
    theirs.close()
    try:
        if ours.poll(IMPORT_TIMEOUT_S):
            found: dict[str, Any] = ours.recv()
            return found
        return {"devices": [], "error": f"did not load within {IMPORT_TIMEOUT_S:.0f} s"}
    except EOFError:
        process.join()
        return {"devices": [], "error": f"crashed while loading (exit code {process.exitcode})"}
    finally:
        process.kill()
        process.join()
        ours.close()


def first_line_of(error: BaseException) -> str:
    """Returns what an error is and the first line of what it says, which may be nothing."""
    said = next((line.strip() for line in text_of(error).splitlines() if line.strip()), "")
    return ": ".join(part for part in (type(error).__name__, said[:200]) if part)


def _report_devices(connection: Connection, backend: str) -> None:
    try:
        catalog.load("core.engine.backend:prepare")(backend, "auto", 0)
        connection.send({"devices": catalog.load("core.engine.backend:devices")(), "error": ""})
    except (Exception, SystemExit) as error:  # noqa: BLE001 (whatever a broken installation throws is the finding)
        connection.send({"devices": [], "error": first_line_of(error)})
