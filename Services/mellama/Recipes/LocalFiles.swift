// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

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

    /// The paths that an absolute pattern with `*` stands for, sorted (`*` for any letters but `/`); hidden names are left
    /// out.
    static func matches(_ pattern: String) -> [String] {
        var found = [""]
        for part in pattern.split(separator: "/") {
            guard part.contains("*") else {
                found = found.map { "\($0)/\(part)" }.filter { kind(of: $0) != .missing }
                continue
            }
            found = found.flatMap { folder in
                let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "/" : folder)) ?? []
                return names.filter { !$0.hasPrefix(".") && matches($0[...], part) }.map { "\(folder)/\($0)" }
            }
        }
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    static func matches(_ name: Substring, _ pattern: Substring) -> Bool {
        let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard pieces.count > 1, let first = pieces.first, let last = pieces.last else { return name == pattern }
        guard name.utf8.count >= first.utf8.count + last.utf8.count, name.hasPrefix(first), name.hasSuffix(last)
        else { return false }
        var rest = name.dropFirst(first.count).dropLast(last.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let range = rest.firstRange(of: piece) else { return false }
            rest = rest[range.upperBound...]
        }
        return true
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
