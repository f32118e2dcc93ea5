"""What ships is of one piece: image, compose, unit, nginx, their guide and the program name the same things."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version
from streamlit import config

from nxcc.access import Role
from nxcc.intake.limits import LARGEST_BYTES
from nxcc.settings import PROJECT, Settings, load
from nxcc.ui import hosts
from nxcc.ui.bulk_upload import MOST_MB

PORT, UPLOAD_MB = 8501, 200
OLDEST = Version("3.11")
PLACE = "calls.example.com"


def text(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def dockerfile() -> list[tuple[str, str]]:
    """Each instruction with its argument, in order, lines that go on put together."""
    plain = "\n".join(line for line in text("Dockerfile").splitlines() if not line.startswith("#"))
    return [
        (name, re.sub(r"\s+", " ", rest).strip())
        for name, _, rest in (line.partition(" ") for line in plain.replace("\\\n", " ").splitlines() if line.strip())
    ]


def final_stage() -> list[tuple[str, str]]:
    whole = dockerfile()
    return whole[max(n for n, (name, _) in enumerate(whole) if name == "FROM") :]


def only(name: str) -> str:
    """The argument of the one instruction of this name in the final stage."""
    (argument,) = [argument for one, argument in final_stage() if one == name]
    return argument


def image_environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in only("ENV").split(" "))


def compose() -> dict[str, Any]:
    service: dict[str, Any] = yaml.safe_load(text("compose.yaml"))["services"]["nxcc"]
    return service


def unit() -> list[tuple[str, str]]:
    """The unit's settings with their values; some come more than once."""
    lines = [line for line in text("deploy/nxcc.service").splitlines() if "=" in line and not line.startswith("#")]
    return [(name, value) for name, _, value in (line.partition("=") for line in lines)]


Block = list[tuple[tuple[str, ...], "Block | None"]]


def nginx() -> Block:
    """nginx's own syntax: directives, some with a block."""
    words = iter(re.findall(r'"[^"]*"|\'[^\']*\'|[{};]|[^\s{};]+', re.sub(r"#.*", "", text("deploy/nginx.conf"))))

    def block() -> Block:
        found: Block = []
        directive: list[str] = []
        for word in words:
            if word == "}":
                return found
            if word in ("{", ";"):
                found.append((tuple(directive), block() if word == "{" else None))
                directive = []
            else:
                directive.append(word.strip("\"'"))
        return found

    return block()


def server(listen: str) -> Block:
    """The server block that listens on a port."""
    (found,) = [
        inner
        for words, inner in nginx()
        if words == ("server",) and inner and any(one[0][1:2] == (listen,) for one in inner)
    ]
    return found


def directives(block: Block, name: str) -> list[tuple[str, ...]]:
    return [words[1:] for words, _ in block if words[0] == name]


def location(path: str) -> Block:
    (found,) = [inner for words, inner in server("443") if words[0] == "location" and words[-1] == path]
    assert found is not None
    return found


def assert_known(names: Iterator[str] | list[str]) -> None:
    """Names of the environment are settings, of ours or of Streamlit's."""
    streamlit = {option.env_var for option in config._config_options_template.values()}
    for name in names:
        if name.startswith("NXCC_"):
            assert name.removeprefix("NXCC_").lower() in Settings.model_fields, name
        elif name.startswith("STREAMLIT_"):
            assert name in streamlit, name


# --- .streamlit/config.toml


def test_config__names_are_streamlits_and_guards_are_up() -> None:
    guards = tomllib.loads(text(".streamlit/config.toml"))
    options = set(config._config_options_template)
    assert {f"{table}.{name}" for table in ("server", "browser", "client") for name in guards[table]} <= options
    server = guards["server"]
    assert server["address"] == "127.0.0.1"
    assert server["allowedHosts"] == ["localhost", "127.0.0.1", "::1"]
    assert server["enableXsrfProtection"] is server["enableCORS"] is True
    assert server["corsAllowedOrigins"] == []
    assert server["enableAgentApi"] is False
    assert server["maxMessageSize"] == 50
    assert guards["browser"]["serverAddress"] == "127.0.0.1"
    assert guards["client"]["showErrorDetails"] == "none"


def test_upload__one_limit_everywhere() -> None:
    assert tomllib.loads(text(".streamlit/config.toml"))["server"]["maxUploadSize"] == MOST_MB == UPLOAD_MB
    assert LARGEST_BYTES <= UPLOAD_MB * 1024**2  # what is over ours, but not theirs, is told in a sentence
    assert directives(location("/_stcore/upload_file/"), "client_max_body_size") == [(f"{UPLOAD_MB}m",)]
    assert f"up to {UPLOAD_MB} MB" in text("docs/operate.md")


# --- requirements.lock


def test_lock__has_every_requirement_at_its_version_and_a_hash_for_each_package() -> None:
    lines = text("requirements.lock").replace("\\\n", " ").splitlines()
    locked = {Requirement(line.split(" --hash")[0]).name: line for line in lines if "==" in line}
    for line in text("requirements.txt").splitlines():
        if wanted := line.partition("#")[0].strip():
            assert Requirement(wanted).name in locked, "make lock"
            assert str(Requirement(wanted).specifier) in locked[Requirement(wanted).name], "make lock"
    assert all("--hash=sha256:" in line for line in locked.values())


# --- Dockerfile


def test_image__base_is_named_by_its_full_version_and_new_enough() -> None:
    argument, lock = [argument for name, argument in dockerfile() if name == "ARG"]
    assert lock == "LOCK=requirements.lock"
    version = re.fullmatch(r"PYTHON_IMAGE=python:(\d+\.\d+\.\d+)-slim-\w+(@sha256:[0-9a-f]{64})?", argument)
    assert version
    assert Version(version[1]) >= OLDEST
    assert [argument.split(" ")[0] for name, argument in dockerfile() if name == "FROM"] == ["${PYTHON_IMAGE}"] * 2
    assert f'target-version = "py{OLDEST.major}{OLDEST.minor}"' in text("pyproject.toml")


def test_image__packages_are_those_of_the_lock_to_the_byte_and_nothing_is_built() -> None:
    (install,) = [argument for name, argument in dockerfile() if name == "RUN" and "pip install" in argument]
    assert "--require-hashes --only-binary :all: -r /requirements.lock" in install
    assert not any(re.search(r"\b(apt|apt-get|gcc|curl|pip)\b", argument) for _, argument in final_stage())


def test_image__runs_as_nobody_in_particular_and_ends_when_told() -> None:
    assert re.fullmatch(r"([1-9]\d{3,}):\1", only("USER"))
    assert only("USER") == compose()["user"]
    assert only("STOPSIGNAL") == "SIGTERM"
    assert json.loads(only("CMD")) == ["python", "-m", "streamlit", "run", "app.py"]
    assert json.loads(only("EXPOSE")) == PORT


def test_image__settings_exist_and_data_is_in_the_volume() -> None:
    environment = image_environment()
    assert_known(list(environment))
    assert environment["STREAMLIT_SERVER_PORT"] == str(PORT)
    assert environment["NXCC_DATA_DIR"] == only("VOLUME")


def test_image__holds_what_the_program_needs_and_no_more() -> None:
    first, *rest = [line for line in text(".dockerignore").splitlines() if not line.startswith("#")]
    allowed = {line[1:] for line in rest if line.startswith("!")}
    assert first == "*"
    locks = {"requirements.lock", "requirements-team.lock"}
    assert allowed == {"app.py", "nxcc", "pages", "static", ".streamlit/config.toml", "LICENSE"} | locks
    assert all((PROJECT / name).exists() for name in allowed)
    assert {line for line in rest if not line.startswith("!")} == {"**/__pycache__", "**/*.pyc"}


@pytest.fixture
def answering() -> Iterator[list[int]]:
    """A server at another port; what it answers to a health check can be set."""
    status = [200]

    class Life(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status[0] if self.path == hosts.HEALTH else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Life) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        status.append(serving.server_port)
        yield status
        serving.shutdown()


def test_image__health_check_tells_life_from_death(answering: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    command = json.loads(only("HEALTHCHECK").partition(" CMD ")[2])
    assert command[:2] == ["python", "-c"]
    assert str(PORT) in command[2]
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    def healthy(port: int) -> bool:
        code = command[2].replace(str(PORT), str(port))
        return subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0

    port = answering[1]
    assert healthy(port)
    answering[0] = 503
    assert not healthy(port)
    assert not healthy(9)


# --- compose.yaml


def test_compose__gives_the_container_as_little_as_it_needs() -> None:
    service = compose()
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]
    assert service["restart"] == "unless-stopped"
    assert (service["mem_limit"], service["memswap_limit"]) == ("3g", "3g")
    assert not {"privileged", "cap_add", "devices", "network_mode", "pid"} & service.keys()


def test_compose__settings_exist_and_the_secrets_are_a_file_that_git_ignores() -> None:
    whole = yaml.safe_load(text("compose.yaml"))
    assert_known(list(compose()["environment"]))
    assert compose()["environment"].keys() == {"STREAMLIT_SERVER_ALLOWED_HOSTS"}
    assert whole["secrets"]["settings"]["file"] == ".streamlit/secrets.toml"
    assert ".streamlit/secrets.toml" in text(".gitignore").splitlines()
    target = f"/run/secrets/{compose()['secrets'][0]['target']}"
    assert any(name == "RUN" and f"ln -s {target} .streamlit/secrets.toml" in rest for name, rest in final_stage())
    assert compose()["volumes"] == [f"data:{image_environment()['NXCC_DATA_DIR']}"]


def test_compose__asks_for_life_as_the_image_does() -> None:
    assert compose()["healthcheck"]["test"] == ["CMD", *json.loads(only("HEALTHCHECK").partition(" CMD ")[2])]


# --- deploy/nxcc.service


def test_unit__runs_what_the_image_runs() -> None:
    settings = dict(unit())
    assert settings["ExecStart"].split()[1:] == json.loads(only("CMD"))[1:]
    assert settings["ExecStart"].startswith(f"{settings['WorkingDirectory']}/.venv/bin/python ")


def test_unit__settings_exist_and_fit_each_other() -> None:
    environment = dict(value.split("=", 1) for name, value in unit() if name == "Environment")
    assert_known(list(environment))
    assert environment["NXCC_DATA_DIR"] == f"/var/lib/{dict(unit())['StateDirectory']}"
    assert environment["STREAMLIT_SERVER_ADDRESS"] == "127.0.0.1"
    assert environment["STREAMLIT_SERVER_PORT"] == str(PORT)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("User", "nxcc"), ("NoNewPrivileges", "yes"), ("ProtectSystem", "strict"), ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"), ("PrivateDevices", "yes"), ("CapabilityBoundingSet", ""), ("MemoryMax", "3G"),
        ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"), ("SystemCallFilter", "@system-service"),
        ("Restart", "on-failure"), ("TimeoutStopSec", "60"), ("StateDirectoryMode", "0700"), ("UMask", "0077"),
    ],
)  # fmt: skip
def test_unit__gives_the_service_as_little_as_it_needs(name: str, value: str) -> None:
    assert (name, value) in unit()


def test_unit__of_a_worker_is_that_of_the_app_but_for_what_it_runs_and_where() -> None:
    worker = [line for line in text("deploy/nxcc-worker.service").splitlines() if "=" in line and line[0] != "#"]
    app = [f"{name}={value}" for name, value in unit()]
    assert set(worker) - set(app) == {
        "Description=Order calls (nxcc): worker", "Environment=NXCC_DATA_DIR=/var/lib/nxcc-worker",
        "ExecStart=/opt/nxcc/.venv/bin/python -m nxcc worker", "Restart=always", "StateDirectory=nxcc-worker",
        "ReadWritePaths=/srv/nxcc",
    }  # fmt: skip
    assert 'NXCC_LAKE_PATH="/srv/nxcc"' in shell()


# --- deploy/nginx.conf


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/agent/", "/_stcore/script-health-check"])
def test_nginx__closes_what_pages_do_not_need(path: str) -> None:
    assert location(path) == [(("return", "404"), None)]
    assert ("location", "^~", path) in [words for words, _ in server("443")]  # before any other that fits


def test_nginx__asks_the_app_at_its_port_and_nothing_else() -> None:
    asked = re.findall(r"proxy_pass\s+(\S+);", text("deploy/nginx.conf"))
    assert asked
    assert set(asked) == {f"http://127.0.0.1:{PORT}"}


def test_nginx__passes_on_what_the_app_goes_by() -> None:
    block = server("443")
    assert ("Host", "$http_host") in directives(block, "proxy_set_header")
    assert ("X-Forwarded-For", "$remote_addr") in directives(block, "proxy_set_header")
    assert ("Upgrade", "$http_upgrade") in directives(block, "proxy_set_header")
    assert directives(block, "proxy_http_version") == [("1.1",)]
    # A location with headers of its own would have none of these.
    assert not any(words[0] in ("proxy_set_header", "add_header") for _, inner in block if inner for words, _ in inner)


def test_nginx__of_a_team_keeps_a_browser_with_one_app() -> None:
    told = text("deploy/nginx-team.conf")
    apps = set(re.findall(r"^upstream (\w+) ", told, re.MULTILINE))
    assert set(re.findall(r"(?:50%|\*) +(\w+);", told)) == apps
    assert set(re.findall(r"^    (\w+) +\1;", told, re.MULTILINE)) == apps
    assert "# add_header Set-Cookie $nxcc_stays;" in text("deploy/nginx.conf")
    assert f"s|http://127.0.0.1:{PORT}|http://$nxcc_app|" in text("docs/operate.md")


def test_nginx__websockets_outlast_a_quiet_hour() -> None:
    assert directives(location("/_stcore/stream"), "proxy_read_timeout") == [("1h",)]


def test_nginx__plain_http_goes_nowhere_but_to_tls() -> None:
    block = server("80")
    assert directives(block, "return") == [("308", "https://$host$request_uri")]
    assert not directives(block, "location")


def test_nginx__is_strict_about_tls_and_cookies() -> None:
    block = server("443")
    assert directives(block, "ssl_protocols") == [("TLSv1.2", "TLSv1.3")]
    assert ("Strict-Transport-Security", "max-age=31536000", "always") in directives(block, "add_header")
    assert directives(block, "proxy_cookie_flags") == [("~", "secure")]


@pytest.mark.parametrize("listen", ["80", "443"])
def test_nginx__logs_hold_no_queries_and_no_keys(listen: str) -> None:
    (form,) = directives(nginx(), "log_format")
    assert not re.search(r"\$(request\b|request_uri|args|query_string|http_|cookie_|arg_|uri)", " ".join(form))
    assert directives(server(listen), "access_log") == [("/var/log/nginx/nxcc.access.log", form[0])]
    assert directives(server(listen), "error_log") == [("/var/log/nginx/nxcc.error.log", "crit")]


# --- docs/operate.md, and the example of settings


def shell() -> str:
    return "\n".join(re.findall(r"```sh\n(.*?)```", text("docs/operate.md"), re.DOTALL))


def test_guide__settings_exist() -> None:
    assert_known(re.findall(r"\b(?:NXCC|STREAMLIT)_[A-Z_]+[A-Z]\b", text("docs/operate.md")))


@pytest.mark.parametrize("command", sorted(set(re.findall(r"-m nxcc ([a-z]+[^`|\n]*)", text("docs/operate.md")))))
def test_guide__commands_exist_with_their_options(command: str) -> None:
    name, *rest = command.split()
    said = subprocess.run(
        [sys.executable, "-m", "nxcc", name, "--help"], cwd=PROJECT, check=True, capture_output=True, text=True
    ).stdout
    assert all(option in said for option in rest if option.startswith("--"))


def test_guide__files_that_it_names_are_there() -> None:
    for name in re.findall(
        r"/opt/nxcc/((?:deploy|docs|\.streamlit)/[\w.-]+|requirements(?:-team)?\.lock|app\.py)", shell()
    ):
        assert (PROJECT / name).exists() or name == ".streamlit/secrets.toml", name
    units = dict(unit())
    assert f"--home-dir /nonexistent --shell /usr/sbin/nologin {units['User']}" in shell()
    assert f"/dev/stdin {units['EnvironmentFile']}" in shell()
    assert f"chown {only('USER').partition(':')[0]} " in shell()


def test_guide__roles_are_those_of_the_program() -> None:
    told = re.findall(r"^\| (\w+) \|", text("docs/operate.md"), re.MULTILINE)
    assert [role.word for role in Role] == [word for word in told if word != "role"]


def assert_signs_in(settings: str, path: Path) -> None:
    path.write_text(settings, encoding="utf-8")
    loaded, auth = load(path), tomllib.loads(settings)["auth"]
    assert {role for role, people in loaded.people.items() if people} >= {Role.ADMIN, Role.LEAD, Role.ANALYST}
    assert auth.keys() == {"redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url"}
    assert auth["redirect_uri"] == f"https://{PLACE}/oauth2callback"
    assert PLACE in text("deploy/nginx.conf")


def test_guide__its_settings_can_be_loaded(tmp_path: Path) -> None:
    (settings,) = re.findall(r"```toml\n(.*?)```", text("docs/operate.md"), re.DOTALL)
    assert_signs_in(settings, tmp_path / "secrets.toml")


def test_example__can_be_loaded_with_every_line_in_force(tmp_path: Path) -> None:
    """Each commented setting, and each table, is taken out of its comment."""
    example = re.sub(r"^# (?=\[|\w+ = )", "", text(".streamlit/secrets.toml.example"), flags=re.MULTILINE)
    filled = example.replace('access_key = ""', 'access_key = "k"').replace('access_secret = ""', 'access_secret = "s"')
    assert_signs_in(filled.replace('tenant_id = ""', "tenant_id = 1"), tmp_path / "secrets.toml")
