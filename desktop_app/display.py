"""Finds out whether Qt can open a window here, before Qt is asked: Qt would abort the process. Must not import Qt."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import sys
from pathlib import Path

INSTEAD = "Use the command line instead, for example: pixelwright train cnn --data digits"

# Library -> the Debian and Ubuntu package that holds it.
PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
ALWAYS = ("libEGL.so.1", "libGL.so.1", "libxkbcommon.so.0", "libfontconfig.so.1", "libdbus-1.so.3", "libglib-2.0.so.0")


def problem(arguments: list[str]) -> str:
    """Returns one sentence that says why no window can open here and what to do, or "" where one can.

    Args:
        arguments: Qt's own arguments, of which `-platform NAME` matters here.
    """
    if not sys.platform.startswith("linux"):
        return ""
    chosen = _chosen_platform(arguments)
    if not chosen and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return f"There is no display here, so no window can open. {INSTEAD}"
    if missing := [name for name in ALWAYS if not _loads(name)]:
        return missing_sentence(missing)
    if chosen in ("", "xcb", "wayland"):
        return _desktop_problem(chosen)
    if not _plugin(chosen).exists():
        return f"Qt has no platform '{chosen}': unset QT_QPA_PLATFORM, or set it to xcb, wayland or offscreen."
    return ""


def explain_import(error: ImportError) -> str:
    """Returns one sentence for a PySide6 that can't be imported."""
    if names := re.findall(r"\blib[\w+.-]+\.so[.\d]*", str(error)):
        return missing_sentence(names[:1])
    return f"The window can't be opened: {error}. Reinstall it with: pip install --force-reinstall pyside6"


def missing_sentence(libraries: list[str]) -> str:
    """Returns one sentence that names the system packages which hold these libraries."""
    packages = sorted({PACKAGES.get(name, f"the one with {name}") for name in libraries})
    return (
        f"The window needs a system library that is missing ({', '.join(sorted(libraries))}). "
        f"Install it, on Debian or Ubuntu with: apt-get install {' '.join(packages)}"
    )


def _chosen_platform(arguments: list[str]) -> str:
    if "-platform" in arguments[:-1]:
        return arguments[arguments.index("-platform") + 1].split(":")[0]
    return os.environ.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0]


def _desktop_problem(chosen: str) -> str:
    """Qt takes Wayland where its socket answers and X11 otherwise; one of the two has to work."""
    if chosen != "xcb" and _wayland_answers():
        return ""
    if chosen == "wayland" or not os.environ.get("DISPLAY"):
        return f"No Wayland display answers here. {INSTEAD}"
    if missing := [name for name in PACKAGES if name not in ALWAYS and not _loads(name)]:
        # Which of the many the plugin really needs depends on its version: ask the loader.
        if not (reason := _load_failure(_plugin("xcb"))):
            return ""
        named = [name for name in missing if name in reason] or re.findall(r"\blib[\w+.-]+\.so[.\d]*", reason)[:1]
        return missing_sentence(sorted({*named, *(m for m in missing if m != "libxcb-util.so.1")}) or missing)
    if not _x_server_answers():
        return f"The X display '{os.environ['DISPLAY']}' does not answer, so no window can open. {INSTEAD}"
    return ""


def _plugin(name: str) -> Path:
    """The file of a Qt platform plugin; a path that does not exist where PySide6 isn't found."""
    spec = importlib.util.find_spec("PySide6")
    folder = Path(next(iter(spec.submodule_search_locations or ("",)))) if spec else Path()
    return folder / "Qt" / "plugins" / "platforms" / f"libq{name}.so"


def _loads(name: str) -> bool:
    return not _load_failure(name)


def _load_failure(name: str | Path) -> str:
    try:
        ctypes.CDLL(str(name))
    except OSError as error:
        return str(error)
    return ""


def _wayland_answers() -> bool:
    display = os.environ.get("WAYLAND_DISPLAY", "")
    return bool(display) and Path(os.environ.get("XDG_RUNTIME_DIR", "/"), display).exists()


def _x_server_answers() -> bool:
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # a build of Qt that brings its own: let it try
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    failed = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return not failed
