#!/bin/sh
# Runs a command that installs packages, with the index and the authorities that the build's secrets name.
set -eu
if [ -f /run/secrets/index ]; then
  set -a
  . /run/secrets/index
  set +a
fi
if [ -f /run/secrets/certificates ]; then
  export PIP_CERT=/run/secrets/certificates SSL_CERT_FILE=/run/secrets/certificates
fi
exec "$@"
