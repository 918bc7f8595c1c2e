"""Tries a frozen folder as a user would, without a network: the window opens, a model trains and classifies.

Usage: python packaging/smoke_test.py FOLDER
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TIMEOUT_S = 600
WINDOW_OPEN_S = 8


def without_network() -> list[str]:
    """Returns the words that start a command in an empty network namespace, where the system has them."""
    words = ["unshare", "--map-root-user", "--net"]
    usable = shutil.which("unshare") and subprocess.run([*words, "true"], capture_output=True).returncode == 0
    return words if usable else []


def program_in(folder: Path) -> Path:
    """Returns the executable."""
    return folder / ("pixelwright.exe" if os.name == "nt" else "pixelwright")


def run(folder: Path, environment: dict[str, str], *words: str) -> str:
    """Runs the frozen program and returns what it wrote on stdout."""
    program = folder / ("pixelwright.exe" if os.name == "nt" else "pixelwright")
    done = subprocess.run(
        [*without_network(), str(program), *words], capture_output=True, text=True, env=environment, timeout=TIMEOUT_S
    )
    if done.returncode != 0:
        raise SystemExit(f"{words} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def open_window(folder: Path, environment: dict[str, str]) -> str:
    """Opens the window for some seconds; it must stay open, have nothing to complain of, and close when told."""
    process = subprocess.Popen(
        [*without_network(), str(program_in(folder))], env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        process.wait(timeout=WINDOW_OPEN_S)
    except subprocess.TimeoutExpired:
        process.terminate()
        _, complaint = process.communicate(timeout=30)
        if "Traceback" in complaint:
            raise SystemExit(f"The window complained:\n{complaint}") from None
        return f"stayed open for {WINDOW_OPEN_S} s"
    raise SystemExit(f"The window closed by itself ({process.returncode}):\n{process.communicate()[1]}")


def draw(folder: Path, environment: dict[str, str], home: Path, judge: str) -> str:
    """Trains a GAN for a moment and writes a sheet and a film, for which the video libraries must have come along."""
    words = ("train", "dcgan", "--data", "digits", "--size", "tiny", "--epochs", "1", "--name", "gan")
    run(folder, environment, *words, "--set", f"judge={judge}")
    run(folder, environment, "generate", "gan", "--count", "8", "--out", str(home / "sheet.png"))
    sizes = [f"sheet.png {(home / 'sheet.png').stat().st_size} bytes"]
    for name in ("film.gif", "film.mp4"):
        run(folder, environment, "interpolate", "gan", "--method", "walk", "--out", str(home / name))
        sizes.append(f"{name} {(home / name).stat().st_size} bytes")
    return ", ".join(sizes)


def main() -> None:
    """Runs the smoke test."""
    folder = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / "用户 home"  # a name that breaks careless programs
        home.mkdir()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "USERPROFILE": str(home),
            "QT_QPA_PLATFORM": "offscreen",
            "PIXELWRIGHT_WORKSPACE": str(home / "workspace"),
            "LANG": "C.UTF-8",
        }
        doctor = json.loads(run(folder, environment, "doctor", "--json").splitlines()[-1])
        working = [name for name, row in doctor["backends"].items() if row["works"]]
        print(f"doctor: {', '.join(working)} work; network {'off' if without_network() else 'left on'}")
        for backend in working:
            words = ("train", "cnn", "--data", "digits", "--epochs", "6", "--backend", backend, "--json")
            trained = json.loads(run(folder, environment, *words).splitlines()[-1])
            accuracy = trained["metrics"]["test_accuracy"]
            print(f"train on {backend}: test accuracy {accuracy:.4f}")
            if accuracy < 0.9:
                raise SystemExit("The frozen program does not learn.")
            run(folder, environment, "evaluate", trained["run"], "--json")
        print(f"pictures: {draw(folder, environment, home, trained['run'])}")
        print(f"window: {open_window(folder, environment)}")
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
        print(f"size: {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
