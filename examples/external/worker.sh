#!/bin/sh
# Takes steps of the pool "shell" and answers them, with curl and nothing else.
#   sh worker.sh http://127.0.0.1:4747 [--once]
set -eu
server=$1

call() {
  if [ -n "${SPANWISE_KEY:-}" ]; then set -- "$@" -H "authorization: Bearer $SPANWISE_KEY"; fi
  name=$1 body=$2
  shift 2
  curl -sS --fail-with-body --max-time 90 -H 'content-type: application/json' "$@" -d "$body" "$server/api/v1/external/$name"
}

# one text of the answer; a program with more to read takes jq
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

while :; do
  step=$(call claim '{"pools": ["shell"], "wait": 30}')
  claim=$(printf '%s' "$step" | field claim)
  [ -n "$claim" ] || continue
  line=$(printf '%s' "$step" | field line | tr '[:lower:]' '[:upper:]')
  call complete "{\"claim\": \"$claim\", \"result\": \"$line\"}" > /dev/null
  echo "answered with $line"
  [ "${2:-}" = --once ] && break
done
