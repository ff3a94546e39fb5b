// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation

/// Public data sets in their publishers' layouts, which the repository does not carry.
enum PublicData {
    /// The folder that `MELLAMA_DATA` names, else `../shared/data` beside the repository; nil where neither holds the
    /// model that the main job starts from.
    static let folder: String? = {
        let named = ProcessInfo.processInfo.environment["MELLAMA_DATA"].flatMap { $0.isEmpty ? nil : $0 }
        let path = named ?? StackFixture.repository.appending(path: "../shared/data").standardizedFileURL.path
        return FileManager.default.fileExists(atPath: "\(path)/stories260k/config.json") ? path : nil
    }()
}
