"""`make soak` for half a minute: some sessions, a running job, no error."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.browser.server import PROJECT


def test_soak__some_sessions_for_a_short_time() -> None:
    command = [sys.executable, "-m", "tests.soak", "--minutes", "0.4", "--sessions", "2", "--think", "0.5"]
    ran = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=400, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "2 sessions for 0.4 minutes, 0.5 s between the clicks of each" in ran.stdout
    kinds = {line.split("  ")[0] for line in ran.stdout.splitlines()}
    assert {"start a job", "open the app", "all"} <= kinds
    clicks = re.search(r"^all +(\d+)", ran.stdout, re.MULTILINE)
    assert clicks and int(clicks[1]) >= 5
    assert re.search(r"server memory, MB: \d{2,} at start, \d{2,} in the middle, \d{2,} at end", ran.stdout)
    assert "memory not judged under 5 minutes" in ran.stdout
    assert "errors: 0\n" in ran.stdout
