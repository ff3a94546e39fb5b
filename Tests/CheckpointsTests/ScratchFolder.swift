// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation

/// Runs `body` with an empty folder that is removed afterwards.
func withScratchFolder<R>(_ body: (URL) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory.appending(path: "mellama-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

/// What `body` throws, described; nil if it does not throw.
func message(_ body: () throws -> Void) -> String? {
    do { try body() } catch { return "\(error)" }
    return nil
}
