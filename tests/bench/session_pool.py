"""The baseline: a bare `requests.Session` under a thread pool that sends the same signed bodies and stores nothing.

    python -m tests.bench.session_pool CONCURRENCY < ids

The account is taken from the environment (NXCC_...), as nxcc takes it. Prints one JSON line: asked, seconds and
CPU seconds.
"""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import requests

from nxcc.account import Credentials
from nxcc.api import protocol


def main() -> None:
    concurrency = int(sys.argv[1])
    account = [os.environ[f"NXCC_{name}"] for name in ("BASE_URL", "ACCESS_KEY", "ACCESS_SECRET", "TENANT_ID")]
    credentials = Credentials(account[0], account[1], account[2], int(account[3]))
    ids = sys.stdin.read().split()
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=concurrency))
    url = credentials.base_url + protocol.QUERY_BY_ORDER

    def ask(order_id: str) -> int:
        body = protocol.order_body(credentials.tenant_id, order_id)
        headers = protocol.signed_headers(credentials, body, int(time.time() * 1000))
        answer = session.post(url, data=body, headers=headers, timeout=10).json()
        return int(answer["code"])

    started, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(concurrency) as pool:
        codes = list(pool.map(ask, ids))
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    assert set(codes) == {0}, "every order must be answered"
    print(json.dumps({"asked": len(ids), "seconds": seconds, "cpu_seconds": cpu_seconds}))


if __name__ == "__main__":
    main()
