// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import ServiceRuntime

extension JobContext {
    /// What tells that the files of paths have changed: names, sizes and times of a folder's files, which whoever trains a
    /// model anew in its place changes. An artifact never changes: it has none.
    func fingerprints(of references: [DataReference]) throws -> [String] {
        try references.compactMap { reference in
            guard case .path = reference else { return nil }
            let folder = try resolve(reference)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted() ?? []
            return names.map { name in
                var status = stat()
                guard stat("\(folder)/\(name)", &status) == 0 else { return name }
                return "\(name)|\(status.st_size)|\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
            }.joined(separator: ",")
        }
    }

    /// The name of a call as a child's name may hold it: letters, digits and `_`.
    static func key(_ call: String) -> String { String(call.map { $0.isLetter || $0.isNumber ? $0 : "_" }) }
}
