#!/usr/bin/env bash
# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
# Source this: where Swift lives on this machine, and the local mirror of packages if git is told of one.

# The folder that holds usr/bin/swift.
swift_home() {
  local swift
  swift=$(readlink -f "$(command -v swift)") || { echo "toolchain: swift is not in PATH" >&2; return 1; }
  dirname "$(dirname "$(dirname "$swift")")"
}

# The folder that git's url.FOLDER.insteadOf puts in place of https addresses; nothing where there is none.
package_mirror() {
  local mirror
  mirror=$(git config --get-regexp '^url\..*\.insteadof$' | sed -nE 's/^url\.(\/.*)\.insteadof https:.*/\1/p' | head -n 1)
  [ -z "$mirror" ] || [ ! -d "$mirror" ] || printf '%s\n' "$mirror"
}

# The start of the https addresses that the mirror given stands for.
mirrored_prefix() { git config --get "url.$1.insteadof" '^https'; }

# What Swift itself needs on a Debian 12 to compile and link, and no more.
# shellcheck disable=SC2034  # used by those who source this
swift_needs=(ca-certificates git binutils libc6-dev libstdc++-12-dev libgcc-12-dev libcurl4 libxml2 libsqlite3-0
  libncurses6 libedit2 libz3-4 tzdata zlib1g-dev)
