"""The command line without a web: it helps, and says what ``run`` needs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

program = Path(sys.executable).with_name("starmodel")
helped = subprocess.run([program, "--help"], capture_output=True, text=True, check=True)
assert "plugin" in helped.stdout

with tempfile.TemporaryDirectory() as folder:
    (Path(folder) / "app.py").write_text("from starmodel.bootstrap import create_app\napp = create_app()\n")
    ran = subprocess.run(
        [program, "run", "app.py"], capture_output=True, text=True, check=False, cwd=folder, timeout=60
    )
said = ran.stdout + ran.stderr
assert ran.returncode != 0, said
assert "starmodel[fasthtml]" in said, said
assert "Traceback" not in said, said
