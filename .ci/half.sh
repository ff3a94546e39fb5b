#!/usr/bin/env bash
# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
# Source this: builds one half of the package aside, for a sanitizer, and leaves the rest as it was.

half_resolved=$(mktemp)
# The half needs fewer packages, and the resolver would forget the others' versions.
[ ! -f Package.resolved ] || cp Package.resolved "$half_resolved"

# half_build HALF FOLDER FLAGS…
half_build() {
  local half=$1 folder=$2 log=$2.log
  shift 2
  if ! MELLAMA_HALF=$half swift build --scratch-path "$folder" --build-tests "$@" </dev/null >"$log" 2>&1; then
    tail -n 40 "$log"
    echo "the build of the $half half failed ($log)" >&2
    return 1
  fi
}

half_end() {
  [ ! -s "$half_resolved" ] || cp "$half_resolved" Package.resolved
  rm -f "$half_resolved"
}
