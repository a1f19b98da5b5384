# One image per service: its own code, the kit, its own locked packages, nothing else. Needs BuildKit.
#   docker build -f deploy/docker/service.Dockerfile --build-arg SERVICE=registry -t ashar/registry .
# The same image is migrate job, API and worker; the command says which.
# Where packages come from a mirror, two secrets say so and stay out of the image:
#   --secret id=index,src=FILE          lines of PIP_INDEX_URL=…, UV_DEFAULT_INDEX=…
#   --secret id=certificates,src=FILE   the authorities to trust, PEM
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS packages
COPY deploy/docker/with_index.sh /build/with_index.sh
RUN --mount=type=secret,id=index --mount=type=secret,id=certificates \
  python -m venv /build/uv && /build/with_index.sh /build/uv/bin/python -m pip install --quiet --no-cache-dir uv==0.13.9
ARG SERVICE
COPY services/${SERVICE}/requirements.txt /build/requirements.txt
# The cache is the builder's, shared by the five images. Bytecode now: the container cannot write any.
RUN --mount=type=secret,id=index --mount=type=secret,id=certificates --mount=type=cache,target=/build/cache \
  /build/uv/bin/uv venv --quiet --python "$(command -v python)" /opt/ashar \
  && /build/with_index.sh /build/uv/bin/uv pip sync --quiet --require-hashes --compile-bytecode --link-mode copy \
  --cache-dir /build/cache --python /opt/ashar/bin/python /build/requirements.txt \
  && rm -f /opt/ashar/.lock

FROM ${BASE}
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin ashar \
  && install --directory --owner 10001 --group 10001 --mode 0700 /var/lib/ashar/keys /var/lib/ashar/people
ARG SERVICE
COPY --from=packages /opt/ashar /opt/ashar
COPY shared /srv/shared
COPY services/${SERVICE} /srv/services/${SERVICE}
RUN /opt/ashar/bin/python -m compileall -q --invalidation-mode unchecked-hash /srv
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="ashar/${SERVICE}" org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.licenses="Apache-2.0"
ENV SERVICE=${SERVICE} ASHAR_VERSION=${VERSION} PATH=/opt/ashar/bin:$PATH \
  PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=6 \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["sh", "-c", "exec uvicorn --factory services.$SERVICE.main:create_app --host 0.0.0.0 --port 8000 --no-access-log --no-server-header --timeout-graceful-shutdown 20"]
