"""Looks at the installation: which backends and devices there are, and what adds the missing ones."""

from __future__ import annotations

import importlib.metadata
import multiprocessing
import os
import platform
import shutil
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from core import __version__, catalog
from core.jobs import installed_backends

PACKAGES = ("keras", "keras-hub", "tensorflow", "jax", "torch", "pyside6", "numpy", "pillow", "scikit-learn")
IMPORT_TIMEOUT_S = 120.0


def examine(workspace: Path) -> dict[str, Any]:
    """Examines packages, backends, devices and the workspace. Imports each backend in a process of its own.

    Args:
        workspace: the folder whose free space is told.

    Returns:
        {"version", "python", "system", "packages": {name: version}, "backends": {name: {"installed", "works",
        "version", "devices", "error", "remedy"}}, "devices": ["tensorflow: cpu:0", ...], "workspace": {...}}.
    """
    installed = installed_backends()
    backends = {}
    for name in catalog.BACKENDS:
        found = _import_elsewhere(name) if name in installed else {"devices": [], "error": "not installed"}
        backends[name] = {
            "installed": name in installed,
            "works": not found["error"],
            "version": _version(name),
            **found,
            "remedy": _remedy(name) if found["error"] else "",
        }
    return {
        "version": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
        "backends": backends,
        "devices": [f"{name}: {device}" for name, found in backends.items() for device in found["devices"]],
        "workspace": _examine_workspace(workspace),
    }


def _remedy(backend: str) -> str:
    if getattr(sys, "frozen", False):
        return "not part of this build"
    return str(catalog.load("core.backend:REMEDIES")[backend])


def _version(package: str) -> str:
    for name in (package, f"{package}-cpu"):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return ""


def _examine_workspace(folder: Path) -> dict[str, Any]:
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    return {
        "folder": str(folder),
        "writable": os.access(existing, os.W_OK),
        "free_bytes": shutil.disk_usage(existing).free,
    }


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


def _report_devices(connection: Connection, backend: str) -> None:
    try:
        catalog.load("core.backend:prepare")(backend, "auto", 0)
        connection.send({"devices": catalog.load("core.backend:devices")(), "error": ""})
    except Exception as error:  # noqa: BLE001 (whatever a broken installation throws is the finding)
        connection.send({"devices": [], "error": f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"})
