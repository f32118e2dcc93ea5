"""The check of advisories: findings are red, no answer is never green."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from packaging.requirements import Requirement

from tests.lint import advisories
from tests.lint.advisories import Answer, ask, judge, read

WEAKNESS = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["1.68.0"], "description": "bad"}
GOOD = {"name": "plotly", "version": "7.1.0", "vulns": []}
BAD = {"name": "streamlit", "version": "1.67.0", "vulns": [WEAKNESS]}
UNKNOWN = {"name": "altair", "skip_reason": "Dependency not found on PyPI"}


def report(*packages: dict[str, object]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


@pytest.mark.parametrize("said", ["", "Traceback", "[]", "{}", report(), report(UNKNOWN, UNKNOWN)])
def test_read__nothing_looked_up_is_no_answer(said: str) -> None:
    assert read(said) is None


@pytest.mark.parametrize(("must", "code"), [(False, 0), (True, 1)])
def test_judge__no_answer_is_said_loudly(must: bool, code: int) -> None:
    assert judge(None, must=must)[0] == code
    assert judge(None, must=must)[1].startswith("NOT CHECKED")


@pytest.mark.parametrize("must", [False, True])
def test_judge__a_finding_is_red(must: bool) -> None:
    answer = read(report(GOOD, BAD, UNKNOWN))
    assert answer == Answer(2, 1, ("streamlit 1.67.0: PYSEC-1, mended in 1.68.0",))
    assert judge(answer, must=must)[0] == 1


def test_judge__an_accepted_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(advisories.ACCEPTED, "CVE-1", "it is about something else")
    assert judge(read(report(BAD)), must=True) == (0, "No published weakness in 1 packages.")


@pytest.mark.parametrize(("must", "code"), [(False, 0), (True, 1)])
def test_judge__packages_that_are_not_known_are_counted(must: bool, code: int) -> None:
    got, said = judge(read(report(GOOD, UNKNOWN)), must=must)
    assert (got, "NOT CHECKED: 1 more" in said) == (code, True)


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of advisories that know of one weakness, in Streamlit."""

    class Advisories(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            weak = {
                "id": "TEST-1", "summary": "bad", "modified": "2026-01-01T00:00:00Z",
                "published": "2026-01-01T00:00:00Z",
                "affected": [{"package": {"name": "streamlit", "ecosystem": "PyPI"}, "versions": ["1.67.0"]}],
            }  # fmt: skip
            answer = json.dumps({"vulns": [weak]} if asked["package"]["name"] == "streamlit" else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Advisories) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_ask__all_packages_that_are_shipped(source: str) -> None:
    answer, text = read(ask("osv", "--osv-url", source)), advisories.LOCK.read_text()
    assert answer
    assert answer.findings == ("streamlit 1.67.0: TEST-1, mended in no version",)
    shipped = [Requirement(line) for line in re.findall(r"^([\w-]+==.+?) \\$", text, re.MULTILINE)]
    assert answer.checked == sum(not one.marker or one.marker.evaluate() for one in shipped) > 40
    assert answer.unchecked == 0
    assert judge(answer, must=False)[0] == 1


def test_ask__nobody_there_is_no_answer() -> None:
    assert read(ask("osv", "--osv-url", "http://127.0.0.1:9")) is None
