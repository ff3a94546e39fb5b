// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import ServiceRuntime

extension JobContext {
    /// The file, or pattern of files, that a source names, as `Corpora` reads it.
    ///
    /// A folder stands for all its files. A `*` may stand in the file's name only, so that what it matches is in one
    /// folder, which is checked as a whole.
    func sourcePath(_ reference: DataReference) throws -> String {
        let matches = try resolveAll(reference)
        guard let first = matches.first else { return try resolve(reference) }
        if case .path(let pattern) = reference, pattern.contains("*") {
            let folder = Self.folder(of: first)
            guard matches.allSatisfy({ Self.folder(of: $0) == folder }) else {
                throw JobFailure.badInput(
                    "\"\(pattern.prefix(200))\" matches files of several folders; a * may stand in the file's name only"
                )
            }
            return folder + "/" + (pattern.split(separator: "/").last ?? "*")
        }
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: first, isDirectory: &isFolder) && isFolder.boolValue
            ? first + "/*" : first
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}
