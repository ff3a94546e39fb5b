// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Glibc
public import Messages

/// The folders whose files a job may name, so that whoever may submit a job can't read a worker's other files.
public struct DataRoots: Sendable {
    /// Absolute, links resolved.
    public let roots: [String]

    /// Roots that do not exist (yet) stay as they are written.
    public init(_ paths: [String]) {
        roots = paths.filter { !$0.isEmpty }.map { Self.resolved(Self.absolute($0)) }
    }

    /// Checks that a path, or a pattern with `*`, lies below a data root once links are resolved, and returns it
    /// absolute and resolved. A relative path is looked for in each root in turn. The file may be missing: only the
    /// worker knows. Throws `forbidden-path`.
    @discardableResult
    public func check(_ path: String) throws(JobFailure) -> String {
        guard !path.isEmpty, !path.utf8.contains(0), path.utf8.count <= 4096 else { throw Self.forbidden(path) }
        let candidates = path.hasPrefix("/") ? [path] : roots.map { "\($0)/\(path)" }
        var inside: [String] = []
        for candidate in candidates {
            let resolved = Self.resolved(candidate)
            if roots.contains(where: { Self.isInside(resolved, $0) }) { inside.append(resolved) }
        }
        guard let found = inside.first(where: { FileSystem.exists($0) }) ?? inside.first else {
            throw Self.forbidden(path)
        }
        return found
    }

    /// Checks every path that a payload names, `output` included, as the gateway does before it accepts a job.
    public func check(_ message: JobMessage) throws(JobFailure) {
        if let output = message.output { try check(output) }
        guard let type = JobKind.payloadTypes[message.kind] else { return }
        for case .path(let path) in Self.references(type, message) { try check(path) }
    }

    /// The references of a payload; those of a stage that can't be decoded before its parents have run are found
    /// when it is.
    private static func references<Payload: JobPayload>(
        _ type: Payload.Type, _ message: JobMessage
    ) -> [DataReference] {
        (try? message.decode(type))?.references ?? []
    }

    static func isInside(_ path: String, _ root: String) -> Bool {
        path == root || path.hasPrefix(root == "/" ? "/" : root + "/")
    }

    static func absolute(_ path: String, from base: String? = nil) -> String {
        if path.hasPrefix("/") { return path }
        if let base { return "\(base)/\(path)" }
        guard let current = getcwd(nil, 0) else { return "/\(path)" }
        defer { free(current) }
        return "\(String(cString: current))/\(path)"
    }

    /// Resolves links and dots of the part that exists, and takes the dots out of the rest by their letters.
    static func resolved(_ path: String) -> String {
        var rest: [Substring] = []
        var existing = path[...]
        while true {
            if let real = realpath(existing.isEmpty ? "/" : String(existing), nil) {
                defer { free(real) }
                return lexical(String(cString: real), rest.reversed())
            }
            guard let slash = existing.lastIndex(of: "/") else { return lexical("/", rest.reversed()) }
            rest.append(existing[existing.index(after: slash)...])
            existing = existing[..<slash]
        }
    }

    private static func lexical(_ base: String, _ parts: [Substring]) -> String {
        var kept = base.split(separator: "/")
        for part in parts {
            switch part {
            case "", ".": continue
            case "..": _ = kept.popLast()
            default: kept.append(part)
            }
        }
        return "/" + kept.joined(separator: "/")
    }

    private static func forbidden(_ path: String) -> JobFailure {
        JobFailure(
            .forbiddenPath, title: "A path outside the data roots",
            detail: "\"\(path.prefix(200))\" is not below a data root of this stack; upload the file, or put it "
                + "below one of the folders of MELLAMA_DATA_ROOTS")
    }
}
