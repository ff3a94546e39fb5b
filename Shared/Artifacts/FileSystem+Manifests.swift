// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Messages

extension FileSystem {
    /// The value of a manifest's file, which may have been written by a later version; nil where there is no file.
    ///
    /// - Parameters:
    ///   - limit: the most bytes that are read.
    ///   - remedy: what to do with a file that is no manifest.
    static func readManifest<Manifest: Decodable>(_ path: String, limit: Int, remedy: String) throws -> Manifest? {
        let bytes: [UInt8]
        do {
            bytes = try read(path, limit: limit)
        } catch let error as ArtifactError where error.code == .notFound {
            return nil
        }
        do {
            let value = try MessageDecoder.parse(Data(bytes))
            return try MessageDecoder(policy: .lenient).decode(Manifest.self, from: value)
        } catch {
            throw ArtifactError(
                .malformed, operation: "read manifest", detail: "\(path): is no manifest (\(error)); \(remedy)")
        }
    }
}
