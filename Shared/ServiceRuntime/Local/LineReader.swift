// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Glibc

/// Lines of an open file, each bounded, without their newline.
struct LineReader: Sendable {
    let file: Int32
    private let limit: Int
    private var buffer: [UInt8] = []
    /// Bytes of `buffer` in which no newline was found.
    private var searched = 0
    private var isAtEnd = false

    init(_ file: Int32, limit: Int) {
        self.file = file
        self.limit = limit
    }

    /// The next line, nil at the end; a last line without its newline counts. Blocks, but asks every 100 ms whether
    /// to stop, and then answers nil.
    mutating func next(stop: () -> Bool = { false }) throws -> [UInt8]? {
        while true {
            if let newline = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(buffer[..<newline])
                buffer.removeSubrange(...newline)
                searched = 0
                return line
            }
            searched = buffer.count
            if isAtEnd {
                defer { (buffer, searched) = ([], 0) }
                return buffer.isEmpty ? nil : buffer
            }
            guard buffer.count <= limit else {
                throw ArtifactError(.tooLarge, operation: "read", detail: "a line holds more than \(limit) bytes")
            }
            guard !stop() else { return nil }
            var waiting = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
            if poll(&waiting, 1, 100) == 0 { continue }
            var piece = [UInt8](repeating: 0, count: 1 << 16)
            let count = read(file, &piece, piece.count)
            if count < 0 {
                guard errno == EINTR || errno == EAGAIN else {
                    throw ArtifactError(
                        .storage, operation: "read", detail: "the input: \(String(cString: strerror(errno)))")
                }
            } else if count == 0 {
                isAtEnd = true
            } else {
                buffer += piece[..<count]
            }
        }
    }
}
