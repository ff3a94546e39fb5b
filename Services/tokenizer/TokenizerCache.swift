// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Messages
import ServiceRuntime
import Synchronization
import Tokenization

/// Tokenizers by file, so that a stream of small jobs reads a vocabulary once.
final class TokenizerCache: Sendable {
    /// The least recently used goes first beyond so many.
    static let limit = 8

    private struct Entry {
        var path: String
        /// Size and time of change: another file of the same name is another tokenizer.
        var stamp: String
        var tokenizer: any Tokenizer
    }

    /// The most recently used last.
    private let entries = Mutex<[Entry]>([])

    /// The tokenizer of a file, or of the one in a folder. Blocks while it reads.
    func tokenizer(at path: String) throws -> any Tokenizer {
        do {
            let file = try TokenizerFile.locate(path)
            let stamp = Self.stamp(of: file)
            let known = entries.withLock { entries -> (any Tokenizer)? in
                guard let index = entries.firstIndex(where: { $0.path == file && $0.stamp == stamp }) else {
                    return nil
                }
                let entry = entries.remove(at: index)
                entries.append(entry)
                return entry.tokenizer
            }
            if let known { return known }
            let tokenizer = try TokenizerFile.load(path: file)
            entries.withLock { entries in
                entries.removeAll { $0.path == file }
                entries.append(Entry(path: file, stamp: stamp, tokenizer: tokenizer))
                if entries.count > Self.limit { entries.removeFirst() }
            }
            return tokenizer
        } catch let error as TokenizationError {
            throw JobFailure.badInput("payload.tokenizer: \(error)")
        }
    }

    private static func stamp(of file: String) -> String {
        func stamp(_ path: String) -> String {
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return "-" }
            let size = attributes[.size] as? UInt64 ?? 0
            let time = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            return "\(size) \(time)"
        }
        // The settings beside it say whether BOS is added by default.
        let folder = file.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(file[..<$0]) } ?? "."
        return stamp(file) + " " + stamp(folder + "/tokenizer_config.json")
    }
}
