"""Places for requests: never more than there are, in the order in which they were asked for."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from nxcc.api.places import Places

NEVER = threading.Event()


def test_take__never_more_at_once_than_there_are() -> None:
    places, lock = Places(3), threading.Lock()
    here, most = 0, 0

    def use() -> None:
        nonlocal here, most
        assert places.take(NEVER)
        with lock:
            here += 1
            most = max(most, here)
        threading.Event().wait(0.001)
        with lock:
            here -= 1
        places.give_back()

    with ThreadPoolExecutor(12) as pool:
        for _ in range(200):
            pool.submit(use)
    assert (here, most) == (0, 3)


def test_take__first_come_first_served() -> None:
    places, came = Places(1), []
    assert places.take(NEVER)
    threads = []
    for n in range(5):

        def wait(n: int = n) -> None:
            assert places.take(NEVER)
            came.append(n)
            places.give_back()

        threads.append(threading.Thread(target=wait))
        threads[-1].start()
        while len(places._line) <= n:
            threading.Event().wait(0.001)
    places.give_back()
    for thread in threads:
        thread.join(5)
    assert came == [0, 1, 2, 3, 4]


def test_take__whoever_is_stopped_leaves_the_line() -> None:
    places, stop = Places(1), threading.Event()
    assert places.take(NEVER)
    stop.set()
    assert not places.take(stop)
    places.give_back()
    assert places.take(NEVER)  # nobody holds it
