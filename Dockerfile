# The image of nxcc:  docker build -t nxcc .   How to run it: compose.yaml, docs/operate.md.
#
# The base is named by its full version. For the very same bytes each time, name its digest as well:
#   docker buildx imagetools inspect python:3.13.16-slim-trixie --format '{{.Manifest.Digest}}'
#   docker build --build-arg PYTHON_IMAGE=python:3.13.16-slim-trixie@sha256:... -t nxcc .
ARG PYTHON_IMAGE=python:3.13.16-slim-trixie

FROM ${PYTHON_IMAGE} AS packages
# For a team:  docker build --build-arg LOCK=requirements-team.lock -t nxcc .
ARG LOCK=requirements.lock
COPY ${LOCK} /requirements.lock
# Wheels only: nothing is built, so nothing that builds is needed; and no pip in what is shipped.
RUN python -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary :all: -r /requirements.lock \
    && /opt/venv/bin/python -m pip uninstall --yes pip

FROM ${PYTHON_IMAGE}
RUN groupadd --gid 10001 nxcc \
    && useradd --uid 10001 --gid nxcc --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin nxcc \
    && install -d -o nxcc -g nxcc -m 0700 /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY . .
# Settings come as a file that is mounted there; the root file system may be read-only, so code is compiled now.
RUN ln -s /run/secrets/secrets.toml .streamlit/secrets.toml \
    && /opt/venv/bin/python -m compileall -q app.py nxcc pages
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_SERVER_PORT=8501 \
    NXCC_DATA_DIR=/data
USER 10001:10001
VOLUME /data
EXPOSE 8501
STOPSIGNAL SIGTERM
# Straight, whatever HTTP_PROXY says.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import http.client as http, sys; life = http.HTTPConnection('127.0.0.1', 8501, timeout=4); life.request('GET', '/_stcore/health'); sys.exit(life.getresponse().status != 200)"]
CMD ["python", "-m", "streamlit", "run", "app.py"]
