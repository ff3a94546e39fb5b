// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Paths of this machine.
enum LocalPath {
    static func absolute(_ path: String, from base: String? = nil) -> String {
        if path.hasPrefix("/") { return normal(path) }
        if let base { return normal("\(base)/\(path)") }
        guard let current = getcwd(nil, 0) else { return normal("/\(path)") }
        defer { free(current) }
        return normal("\(String(cString: current))/\(path)")
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    static func name(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Without `.`, `..` and double slashes, by the letters alone.
    static func normal(_ path: String) -> String {
        var kept: [Substring] = []
        for part in path.split(separator: "/") {
            switch part {
            case ".": continue
            case "..": _ = kept.popLast()
            default: kept.append(part)
            }
        }
        return "/" + kept.joined(separator: "/")
    }

    /// The path with links resolved, as far as it exists.
    static func resolved(_ path: String) -> String {
        if let real = realpath(path, nil) {
            defer { free(real) }
            return String(cString: real)
        }
        let parent = parent(of: path)
        guard parent != path, path != "/" else { return path }
        let base = resolved(parent)
        return (base == "/" ? "" : base) + "/" + name(of: path)
    }

    static func isInside(_ path: String, _ root: String) -> Bool {
        path == root || path.hasPrefix(root == "/" ? "/" : root + "/")
    }
}
