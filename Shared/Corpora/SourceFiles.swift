// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The files that a path or a pattern names.
public enum SourceFiles {
    /// The regular files that `pattern` names, sorted by path; `*` and `?` stand for any characters but `/`.
    ///
    /// Hidden files are matched only by a pattern that begins with a dot. Throws if there is none.
    public static func matching(_ pattern: String) throws -> [String] {
        guard pattern.utf8.contains(where: { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }) else {
            var isFolder = false
            guard FileManager.default.fileExists(atPath: pattern, isDirectory: &isFolder) else {
                throw CorporaError(.file, pattern, "does not exist; check the path")
            }
            guard !isFolder else {
                throw CorporaError(.file, pattern, "is a folder; name a file, or files with a pattern: \(pattern)/*")
            }
            return [pattern]
        }
        var found = [pattern.hasPrefix("/") ? "/" : ""]
        let parts = pattern.split(separator: "/").map(String.init)
        for (place, part) in parts.enumerated() {
            found = found.flatMap { expand(part, in: $0, isLast: place == parts.count - 1) }
        }
        guard !found.isEmpty else {
            throw CorporaError(.file, pattern, "matches no file; check the pattern")
        }
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func expand(_ part: String, in folder: String, isLast: Bool) -> [String] {
        let names: [String]
        if part.utf8.contains(where: { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }) {
            let entries = try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)
            names = (entries ?? []).filter { name in
                (part.hasPrefix(".") || !name.hasPrefix(".")) && matches(Array(name.utf8)[...], Array(part.utf8)[...])
            }
        } else {
            names = [part]
        }
        return names.map { folder.isEmpty || folder == "/" ? folder + $0 : folder + "/" + $0 }
            .filter { path in
                var isFolder = false
                let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
                return exists && isFolder != isLast
            }
    }

    /// Whether a name fits a pattern of one path part; takes time proportional to both lengths multiplied.
    static func matches(_ name: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        var (n, p) = (name.startIndex, pattern.startIndex)
        var star: (pattern: Int, name: Int)?
        while n < name.endIndex {
            if p < pattern.endIndex, pattern[p] == UInt8(ascii: "*") {
                star = (p, n)
                p += 1
            } else if p < pattern.endIndex, pattern[p] == name[n] || pattern[p] == UInt8(ascii: "?") {
                n += 1
                p += 1
            } else if let (starPattern, starName) = star {
                p = starPattern + 1
                n = starName + 1
                star = (starPattern, starName + 1)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
