# One image per service: its own code, the kit, its own locked packages, nothing else.
#   docker build -f deploy/docker/service.Dockerfile --build-arg SERVICE=registry -t ashar/registry .
# The same image is migrate job, API and worker; the command says which.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS packages
ARG SERVICE
RUN python -m pip install --no-cache-dir uv==0.13.9
COPY services/${SERVICE}/requirements.txt /build/requirements.txt
RUN uv venv /opt/ashar && uv pip sync --python /opt/ashar/bin/python --no-cache /build/requirements.txt

FROM ${BASE}
ARG SERVICE
ENV SERVICE=${SERVICE} PATH=/opt/ashar/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --no-create-home ashar
WORKDIR /srv
COPY --from=packages /opt/ashar /opt/ashar
COPY shared /srv/shared
COPY services/${SERVICE} /srv/services/${SERVICE}
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=2s --start-period=10s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["sh", "-c", "exec uvicorn --factory services.$SERVICE.main:create_app --host 0.0.0.0 --port 8000 --no-access-log --no-server-header --timeout-graceful-shutdown 20"]
