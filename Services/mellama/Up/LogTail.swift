// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// The end of a log file.
enum LogTail {
    /// The last line that is not empty, at most 300 characters, control characters left out.
    static func lastLine(of path: String) -> String? {
        let file = open(path, O_RDONLY)
        guard file >= 0 else { return nil }
        defer { close(file) }
        let size = lseek(file, 0, SEEK_END)
        let count = min(size, 4096)
        guard count > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        guard pread(file, &bytes, count, size - count) == count else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let line = text.split(whereSeparator: \.isNewline).last(where: { !$0.allSatisfy(\.isWhitespace) }) else {
            return nil
        }
        let printable = line.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }
        return String(printable.map(Character.init).prefix(300))
    }
}
