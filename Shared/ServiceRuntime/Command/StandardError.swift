// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Lines for the person at the terminal.
package enum StandardError {
    /// Writes the text as one line.
    package static func print(_ text: String) {
        let line = Array((text.split(whereSeparator: \.isNewline).joined(separator: " ") + "\n").utf8)
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
