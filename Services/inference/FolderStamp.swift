// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation

/// Names, sizes and times of change of the files of some folders: another model at the same path is another model.
enum FolderStamp {
    static func of(_ folders: [String]) -> String {
        folders.map { folder in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return names.sorted().map { name in
                let attributes = try? FileManager.default.attributesOfItem(atPath: folder + "/" + name)
                let size = attributes?[.size] as? UInt64 ?? 0
                let time = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
                return "\(name) \(size) \(time)"
            }.joined(separator: ";")
        }.joined(separator: "|")
    }
}
