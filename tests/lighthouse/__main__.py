"""Serve the shop of the browser tests, and ask Lighthouse about its pages: what ``nox -s lighthouse`` does.

Fails when a page is worth less than 0.95 for its performance or for its accessibility, the middle one of three looks.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from boot.visit import chromium
from e2e.conftest import APPS, ROOT, Server

LIGHTHOUSE = "lighthouse@12.8.2"
FLOOR = 0.95
LOOKS = 3
ROWS = 60
CATEGORIES = ("performance", "accessibility", "best-practices")


def installed(folder: Path) -> Path:
    """Return the program, brought in by npm unless it is there."""
    program = folder / "node_modules" / ".bin" / "lighthouse"
    if not program.exists():
        npm = shutil.which("npm") or sys.exit("npm is missing; install Node 18 or newer: apt-get install nodejs npm")
        folder.mkdir(parents=True, exist_ok=True)
        quiet = ("--no-audit", "--no-fund", "--loglevel=error")
        subprocess.run([npm, "install", *quiet, "--prefix", str(folder), LIGHTHOUSE], check=True)
    return program


def filled(server: Server) -> str:
    """Put rows into the shop; return the id of the last."""
    made = ""
    for number in range(ROWS):
        body = json.dumps({"title": f"Order {number}"}).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(f"{server.url}/order/create", body, headers)) as answer:
            made = json.load(answer)["id"]
    return made


def looked_at(program: Path, url: str, folder: Path) -> dict[str, float]:
    """Return what each category of one page is worth, from 0 to 1, by a simulated telephone."""
    out = folder / "report.json"
    command = [program, url, "--quiet", "--output=json", f"--output-path={out}"]
    flags = "--chrome-flags=--headless=new --no-sandbox"
    path = shutil.which("chromium") or chromium()
    subprocess.run([*command, flags], check=True, env={**os.environ, "CHROME_PATH": path})
    report = json.loads(out.read_text())["categories"]
    return {name: float(report[name]["score"]) for name in CATEGORIES}


def main() -> None:
    program = installed(ROOT / ".cache" / "lighthouse")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = Server(str(APPS / "shop.py"), folder).start()
        try:
            good = True
            id = filled(server)
            for path in ("/", "/order", f"/order/{id}", "/order/new"):
                looks = [looked_at(program, server.url + path, folder) for _ in range(LOOKS)]
                worth = {name: statistics.median(look[name] for look in looks) for name in CATEGORIES}
                good = good and min(worth["performance"], worth["accessibility"]) >= FLOOR
                sys.stdout.write(f"{path.replace(id, '{id}'):14} {worth}\n")
        finally:
            server.stop()
    sys.exit(not good)


main()
