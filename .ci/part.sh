#!/usr/bin/env bash
# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
# Source this: builds a part of the package aside, for a sanitizer, and leaves the rest as it was.

part_resolved=$(mktemp)
# The part needs fewer packages, and the resolver would forget the others' versions.
[ ! -f Package.resolved ] || cp Package.resolved "$part_resolved"

# part_build MODULES FOLDER FLAGS…: those modules with their tests, and what these need.
part_build() {
  local modules=$1 folder=$2 log=$2.log
  shift 2
  if ! MELLAMA_MODULES=$modules swift build --scratch-path "$folder" --build-tests "$@" </dev/null >"$log" 2>&1; then
    tail -n 40 "$log"
    echo "the build of $modules failed ($log)" >&2
    return 1
  fi
}

part_end() {
  [ ! -s "$part_resolved" ] || cp "$part_resolved" Package.resolved
  rm -f "$part_resolved"
}
