// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What this build is.
public enum Release {
    /// Semantic version; `--version` prints it.
    public static let version = "0.1.0"
}
