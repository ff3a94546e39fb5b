// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Messages
import ServiceRuntime

/// Files of this machine that a recipe names.
enum LocalFiles {
    enum Kind: Sendable { case file, folder, missing }

    static func kind(of path: String) -> Kind {
        var status = stat()
        guard stat(path, &status) == 0 else { return .missing }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .folder
        default: return .missing
        }
    }

    /// The paths that an absolute pattern with `*` stands for, sorted.
    static func matches(_ pattern: String) throws -> [String] {
        do {
            return try PathPattern(pattern).matches()
        } catch let failure as JobFailure {
            throw MellamaError("\(pattern): \(failure.detail)")
        }
    }

    /// The regular files below a folder, relative, sorted; links to files are followed, links to folders are not.
    static func files(below folder: String, limit: Int = 10_000) throws(MellamaError) -> [String] {
        var files: [String] = []
        var folders = [""]
        while let relative = folders.popLast() {
            let path = relative.isEmpty ? folder : "\(folder)/\(relative)"
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
                throw MellamaError("\(path): can't be read; check its permissions")
            }
            for name in names where !name.hasPrefix(".") {
                let entry = relative.isEmpty ? name : "\(relative)/\(name)"
                var status = stat()
                guard lstat("\(folder)/\(entry)", &status) == 0 else { continue }
                if status.st_mode & S_IFMT == S_IFDIR {
                    folders.append(entry)
                } else if kind(of: "\(folder)/\(entry)") == .file {
                    files.append(entry)
                }
            }
            guard files.count <= limit else {
                throw MellamaError("\(folder): holds more than \(limit) files; put it below a data root instead")
            }
        }
        return files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
