// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Messages

/// What `up.json` says of a running stack.
struct StackNote: Codable, Sendable, Hashable {
    /// The process of `mellama up`.
    var pid: Int32
    /// The gateway, for `--gateway`.
    var url: String
    var port: Int
    /// The children by name.
    var children: [String: Int32]
    /// The ports on 127.0.0.1 of the workers' `/healthz`, `/readyz` and `/metrics`, by name.
    var adminPorts: [String: Int]
    var dataRoots: [String]

    /// The note of a stack that is up, or nil: a note whose process has gone is no stack.
    static func read(_ folder: StateFolder) -> StackNote? {
        guard let data = FileManager.default.contents(atPath: folder.noteFile), data.count < 1 << 20,
            let value = try? MessageDecoder.parse(data),
            let note = try? MessageDecoder(policy: .lenient).decode(StackNote.self, from: value),
            note.pid > 1, ChildProcess.isAlive(note.pid)
        else { return nil }
        return note
    }

    /// Writes the note whole or not at all.
    func write(to folder: StateFolder) throws(MellamaError) {
        let aside = "\(folder.noteFile).\(getpid())"
        guard let bytes = try? MessageEncoder.prettyPrinted(self) else { return }
        let file = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw MellamaError("\(aside): \(String(cString: strerror(errno)))") }
        let written = Array(bytes).withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
        let isSynced = fsync(file) == 0
        close(file)
        guard written == bytes.count, isSynced, rename(aside, folder.noteFile) == 0 else {
            unlink(aside)
            throw MellamaError("\(folder.noteFile): can't be written; is the disk full?")
        }
        let parent = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if parent >= 0 {
            fsync(parent)
            close(parent)
        }
    }
}
