# Stands in for the image `apache/kafka` where none can be fetched: the jars deploy/kafka/pom.xml names, on a base
# with a Java runtime.
ARG BASE
FROM ${BASE}
RUN useradd --uid 1000 --no-create-home appuser \
  && install --directory --owner appuser /var/lib/kafka/data /opt/kafka/config
COPY jars /opt/kafka/libs
COPY kafka.sh /etc/kafka/docker/run
USER appuser
VOLUME /var/lib/kafka/data
EXPOSE 9092
CMD ["/etc/kafka/docker/run"]
