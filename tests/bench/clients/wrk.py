"""The floor where `wrk` is installed: it sends the same requests, made beforehand, for some seconds."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from tests.bench.clients.requests_on_the_wire import on_the_wire
from tests.bench.clients.signing import URL, concurrency, ids

SECONDS = 3
SCRIPT = """
local requests, n = dofile(os.getenv("NXCC_BENCH_REQUESTS")), 0
request = function() n = n % #requests + 1; return requests[n] end
done = function(summary, latency, seen)
    local bad = summary.errors
    local peak = io.open("/proc/self/status"):read("*a"):match("VmHWM:%s*(%d+)")
    local failed = bad.connect + bad.read + bad.write + bad.status + bad.timeout
    print(string.format("said %d %d %d %d", summary.requests, summary.duration, failed, peak or 0))
end
"""


def main() -> None:
    texts = ("[[" + on_the_wire(order_id).decode().replace("\r\n", "\n") + "]]" for order_id in ids())
    with tempfile.TemporaryDirectory() as folder:
        script, requests = Path(folder) / "wrk.lua", Path(folder) / "requests.lua"
        script.write_text(SCRIPT)
        lua = 'local crlf = function(text) return (text:gsub("\\n", "\\r\\n")) end\n'
        lua += "return {" + ",\n".join(f"crlf({text})" for text in texts) + "}"
        requests.write_text(lua)
        command = ["wrk", "-t1", f"-c{concurrency()}", f"-d{SECONDS}s", "-s", str(script), URL]
        before = os.times()
        environment = os.environ | {"NXCC_BENCH_REQUESTS": str(requests)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        after = os.times()
    said = re.search(r"^said (\d+) (\d+) (\d+) (\d+)$", done.stdout, re.MULTILINE)
    assert said, done.stdout
    asked, micros, failed, peak_kb = (int(part) for part in said.groups())
    assert not failed, "every order must be answered"
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    print(json.dumps({"asked": asked, "seconds": micros / 1e6, "cpu_s": cpu_s, "peak_mb": peak_kb / 1024}))


if __name__ == "__main__":
    main()
