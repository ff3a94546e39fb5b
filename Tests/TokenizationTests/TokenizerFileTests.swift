// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import OracleSupport
import Testing

@testable import Tokenization

@Suite("A tokenizer file is taken for what it is, and refused with a reason")
struct TokenizerFileTests {
    private static let fixture = OutsideData.fixtures.appending(path: "tokenization/plain/tokenizer.model")

    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tokenizer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    @Test("a file, a folder, and the settings beside them")
    func loading() throws {
        try withFolder { folder in
            #expect(throws: TokenizationError.self) { try TokenizerFile.load(path: folder.path) }
            try FileManager.default.copyItem(at: Self.fixture, to: folder.appending(path: "tokenizer.model"))
            #expect(try TokenizerFile.load(path: folder.path).addsBOSByDefault)
            let settings = folder.appending(path: "tokenizer_config.json")
            try Data("{\"add_bos_token\": false, \"add_eos_token\": true}".utf8).write(to: settings)
            let tokenizer = try TokenizerFile.load(path: folder.appending(path: "tokenizer.model").path)
            #expect(!tokenizer.addsBOSByDefault && tokenizer.addsEOSByDefault)
            #expect(tokenizer.beginOfSequence == 1 && tokenizer.endOfSequence == 2 && tokenizer.unknown == 0)
            #expect(tokenizer.digest == SHA256.digest(of: Array(try Data(contentsOf: Self.fixture))))
            try Data("[".utf8).write(to: settings)
            #expect(throws: TokenizationError.self) { try TokenizerFile.load(path: folder.path) }
        }
    }

    @Test("a tokenizer.json without a model is refused, as is a file that is too large, and none")
    func notATokenizer() throws {
        try withFolder { folder in
            try Data(" {\"version\": \"1.0\"}".utf8).write(to: folder.appending(path: "tokenizer.json"))
            let error = #expect(throws: TokenizationError.self) { try TokenizerFile.load(path: folder.path) }
            #expect(error?.code == .unsupported)
            #expect(error?.description.contains("has no model") == true)
        }
        try withFolder { folder in
            let path = folder.appending(path: "tokenizer.model").path
            #expect(FileManager.default.createFile(atPath: path, contents: nil))
            #expect(truncate(path, 1 << 40) == 0, "a sparse file, which takes no room")
            #expect(throws: TokenizationError.self) { try TokenizerFile.load(path: path) }
            #expect(throws: TokenizationError.self) { try SentencePieceTokenizer(file: path) }
        }
        let absent = #expect(throws: TokenizationError.self) {
            try TokenizerFile.load(path: "/nowhere/tokenizer.model")
        }
        #expect(absent?.code == .file)
    }

    @Test("models that would be encoded wrongly are refused")
    func unsupported() throws {
        let good = try SentencePieceModel(bytes: Array(Data(contentsOf: Self.fixture)), name: "plain")
        func code(_ change: (inout SentencePieceModel) -> Void) -> TokenizationError.Code? {
            var model = good
            change(&model)
            return #expect(throws: TokenizationError.self) { try SentencePieceTokenizer(model: model) }?.code
        }
        #expect(code { $0.training.modelType = 1 } == .unsupported)
        #expect(code { $0.normalization.characterMap = [1] } == .unsupported)
        #expect(code { $0.training.treatWhitespaceAsSuffix = true } == .unsupported)
        #expect(code { $0.pieces[300].kind = .unused } == .unsupported)
        #expect(code { $0.pieces[0].kind = .control } == .malformed)
        #expect(code { $0.pieces[1].kind = .unknown } == .malformed)
        #expect(code { $0.pieces.remove(at: 7) } == .malformed)
        #expect(code { $0.pieces[300] = $0.pieces[301] } == .malformed)
        #expect(code { $0.training.byteFallback = false } == .malformed)
    }

    @Test("no bytes crash the reader, and none make it allocate much")
    func hostileBytes() throws {
        let good = Array(try Data(contentsOf: Self.fixture))
        var random = SeededGenerator(state: 11)
        var refused = 0
        for round in 0..<2500 {
            var bytes = good
            switch round % 3 {
            case 0: bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random))
            case 1:
                bytes = (0..<Int.random(in: 0..<200, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
            default: break
            }
            if round % 3 != 1 {
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
            }
            do {
                let model = try SentencePieceModel(bytes: bytes, name: "fuzzed")
                // Building tables for every survivor would take seconds; a tenth of them is enough to find a crash.
                if round % 10 == 2 {
                    let tokenizer = try SentencePieceTokenizer(model: model)
                    _ = tokenizer.decode(tokenizer.encode("The heart  is of normal size. 患者\u{FFFD}"))
                }
            } catch is TokenizationError {
                refused += 1
            }
        }
        #expect(refused > 1000)
        let long = SentencePieceModel.Piece(bytes: [UInt8](repeating: 97, count: 513), score: 0, kind: .normal)
        var model = try SentencePieceModel(bytes: good, name: "good")
        model.pieces.append(long)
        #expect(throws: TokenizationError.self) { try SentencePieceModel(bytes: model.bytes, name: "long piece") }
        // A length of 2^62 bytes, and a number that never ends.
        for bytes: [UInt8] in [
            [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x3F], [UInt8](repeating: 0x80, count: 100), [],
        ] {
            #expect(throws: TokenizationError.self) { try SentencePieceModel(bytes: bytes, name: "fuzzed") }
        }
    }
}

/// A small seeded generator (SplitMix64), so that a failing input can be made again.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
