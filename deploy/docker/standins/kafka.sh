#!/usr/bin/env bash
# What the Kafka image does with the settings docker-compose.yml gives it: KAFKA_LOG_DIRS becomes log.dirs, and so
# on; a new volume is formatted.
set -euo pipefail
properties=/opt/kafka/config/server.properties
env | sed -n '/^KAFKA_HEAP_OPTS=/d; s/^KAFKA_//p' | while IFS='=' read -r name value; do
  name=${name,,}
  printf '%s=%s\n' "${name//_/.}" "$value"
done > "$properties"
java=(java -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp '/opt/kafka/libs/*')
"${java[@]}" -Xmx128m kafka.tools.StorageTool format --ignore-formatted \
  --cluster-id "${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}" --config "$properties"
# shellcheck disable=SC2086 - options, each a word
exec "${java[@]}" $KAFKA_HEAP_OPTS kafka.Kafka "$properties"
