// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Messages

/// A path with `*`, each of which stands for any letters but `/` (POSIX pathname expansion without `?` and `[]`).
public struct PathPattern {
    /// A pattern that matches more is refused.
    public static let maximumMatches = 100_000

    private let parts: [Substring]

    /// - Parameter path: absolute.
    public init(_ path: String) { parts = path.split(separator: "/") }

    /// The existing paths that match, sorted; hidden names only where the pattern starts with a dot.
    ///
    /// - Throws: `JobFailure` of bad input where there are too many; an error of the file system.
    public func matches() throws -> [String] {
        var found = [""]
        for part in parts {
            var next: [String] = []
            for folder in found {
                if !part.contains("*") {
                    if FileSystem.exists("\(folder)/\(part)") { next.append("\(folder)/\(part)") }
                    continue
                }
                guard FileSystem.isFolder(folder.isEmpty ? "/" : folder) else { continue }
                for name in try FileSystem.names(in: folder.isEmpty ? "/" : folder)
                where (part.hasPrefix(".") || !name.hasPrefix(".")) && Self.matches(name[...], part) {
                    next.append("\(folder)/\(name)")
                }
                guard next.count <= Self.maximumMatches else {
                    throw JobFailure.badInput("the pattern matches more than \(Self.maximumMatches) files")
                }
            }
            found = next
        }
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Whether a name matches; time is linear in the name for each `*`.
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
}
