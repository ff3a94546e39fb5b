// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// What a person at the terminal sees: results on stdout, everything else on stderr.
enum Terminal {
    static let isInteractive = isatty(STDERR_FILENO) == 1

    /// Columns of the terminal, 80 where they can't be told.
    static var width: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 40 else { return 80 }
        return Int(size.ws_col)
    }

    /// One line on stderr.
    static func note(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// Text on stdout, as it is.
    static func out(_ text: String) { write(text, to: STDOUT_FILENO) }

    static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Text from another process, without what would move a cursor or ring a bell; line ends and tabs stay.
    static func plain(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.filter { scalar in
                    scalar == "\n" || scalar == "\t"
                        || !(scalar.value < 0x20 || (scalar.value >= 0x7F && scalar.value < 0xA0))
                }))
    }
}
