#!/usr/bin/env bash
# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
# Source this in .ci/compose: faults of a real engine under load. faults_under_load KEY. Uses say, die, limited, compose,
# work, MELLAMA_GATEWAY.
# shellcheck disable=SC2154  # set by who sources this

api() { curl -sS --max-time 15 -H "Authorization: Bearer $api_key" "$@" </dev/null; }

# The first value of a field of the JSON on standard input; nothing where there is none.
first() { grep -oE "\"$1\" ?: ?\"[^\"]+\"" | head -n 1 | cut -d'"' -f4 || true; }

# One client: submits until the file `stop` is there, again under the same key until it is acknowledged.
client() {
  local number=0 answer id
  while [ ! -e "$work/stop" ]; do
    number=$((number + 1))
    while :; do
      answer=$(api -X POST -H 'Content-Type: application/json' -H "Idempotency-Key: load-$1-$number" \
        -d "{\"kind\": \"tokenize.text\", \"payload\": {\"tokenizer\": \"$tokenizer\", \"texts\": [\"fever $1 $number\"]}}" \
        "$MELLAMA_GATEWAY/v1/jobs" 2>/dev/null) || answer=
      id=$(first id <<<"$answer")
      [ -z "$id" ] || break
      [ -d "$work" ] || return 0
      sleep 0.5
    done
    echo "$id" >>"$work/acknowledged.$1"
    sleep 0.1
  done
}

faults_under_load() {
  local api_key=$1 tokenizer worker redis network client clients=() count id state states="" events deadline
  tokenizer=$(api "$MELLAMA_GATEWAY/v1/jobs?kind=tokenize.train&limit=1" | first id)
  tokenizer=$(api "$MELLAMA_GATEWAY/v1/jobs/$tokenizer" | first tokenizer)
  [ -n "$tokenizer" ] || die "the run left no tokenizer to load the stack with"
  worker=$(timeout 20 "${compose[@]}" ps -q tokenizer </dev/null)
  redis=$(timeout 20 "${compose[@]}" ps -q redis </dev/null)
  network=$(docker inspect -f '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}' "$worker" | cut -d' ' -f1)
  for client in 1 2 3; do
    client "$client" &
    clients+=($!)
  done
  sleep 2
  limited 10 "docker pause of a worker" docker pause "$worker"
  sleep 3
  limited 10 "docker unpause" docker unpause "$worker"
  limited 10 "docker pause of Redis" docker pause "$redis"
  sleep 3
  limited 10 "docker unpause" docker unpause "$redis"
  limited 10 "docker network disconnect" docker network disconnect -f "$network" "$worker"
  sleep 3
  limited 10 "docker network connect" docker network connect --alias tokenizer "$network" "$worker"
  limited 10 "docker kill of Redis" docker kill "$redis"
  limited 10 "docker start of Redis" docker start "$redis"
  sleep 2
  limited 10 "docker kill of a worker" docker kill "$worker"
  limited 10 "docker start of a worker" docker start "$worker"
  sleep 2
  touch "$work/stop"
  wait "${clients[@]}"
  sort -u "$work"/acknowledged.* >"$work/acknowledged"
  count=$(wc -l <"$work/acknowledged")
  [ "$count" -gt 0 ] || die "no job was acknowledged"
  deadline=$((SECONDS + 60))
  while read -r id; do
    while :; do
      state=$(api "$MELLAMA_GATEWAY/v1/jobs/$id" 2>/dev/null | first state) || state=
      case "$state" in
        succeeded | failed | dead | cancelled | expired) break ;;
      esac
      [ "$SECONDS" -lt "$deadline" ] || die "job $id was acknowledged and is ${state:-not there}"
      sleep 0.2
    done
    states+="$state"$'\n'
    events=$(api -H 'Accept: application/json' "$MELLAMA_GATEWAY/v1/jobs/$id/events" \
      | grep -oE '"state" ?: ?"(succeeded|failed|dead|cancelled|expired)"' | wc -l) || true
    [ "$events" = 1 ] || die "job $id ended $events times"
  done <"$work/acknowledged"
  say "$count jobs acknowledged under pause, disconnect and kill; each ended once ($(sort <<<"${states%$'\n'}" | uniq -c | xargs))"
}
