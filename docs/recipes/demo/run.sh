#!/usr/bin/env bash
# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
# The demo: a private stack, the recipe demo.yaml through its gateway, the report on the screen and in a folder, all down.
# `make demo` builds and calls this. REPORT=FOLDER says where the report goes.
set -euo pipefail
root=$(cd "$(dirname "$0")/../../.." && pwd)
mellama=$root/.build/release/mellama
report=${REPORT:-$root/.mellama/demo-report}
state=$(mktemp -d)

finish() {
  status=$?
  "$mellama" down --state "$state" >/dev/null 2>&1 || true
  rm -rf "$state"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

started=$SECONDS
"$mellama" up --detach --state "$state" --data-root "$root/docs/recipes" --inference 1
export MELLAMA_STATE=$state
"$mellama" run "$root/docs/recipes/demo.yaml" --watch | tee "$state/output"
run=$(head -n 1 "$state/output")
mkdir -p "$report"
"$mellama" report "$run" --out "$report" >/dev/null
printf '\nThe demo took %s seconds. The report: %s\n' "$((SECONDS - started))" "$report/report.md"
