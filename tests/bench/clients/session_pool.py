"""A bare `requests.Session` under a thread pool, its connection pool as large as the concurrency."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import requests

from tests.bench.clients.signing import TIMEOUT_S, URL, concurrency, ids, require_answers, signed
from tests.bench.measured import measured


def main() -> None:
    order_ids, session = ids(), requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=concurrency()))

    def ask(order_id: str) -> int:
        body, headers = signed(order_id)
        return int(session.post(URL, data=body, headers=headers, timeout=TIMEOUT_S).json()["code"])

    with measured(asked=len(order_ids)), ThreadPoolExecutor(concurrency()) as pool:
        codes = list(pool.map(ask, order_ids))
    require_answers(codes)


if __name__ == "__main__":
    main()
