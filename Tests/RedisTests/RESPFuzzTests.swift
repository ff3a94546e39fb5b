// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FuzzSupport
import Testing

@testable import Redis

@Suite("Whatever bytes a server sends: values or an error, the same however they are cut")
struct RESPFuzzTests {
    @Test func replies() throws {
        try FuzzRun(Self.target).run()
    }

    private static let target = FuzzTarget(
        name: "resp", seeds: seeds.map { Array($0.utf8) },
        words: [
            "\r\n", "$-1\r\n", "*-1\r\n", "*0\r\n", "$0\r\n\r\n", "+OK\r\n", ":1\r\n", "-ERR x\r\n", "*1\r\n", "$5\r\n",
        ],
        restructure: restructure, read: read)

    private static let seeds = [
        "+OK\r\n", "-NOSCRIPT No matching script. Please use EVAL.\r\n", ":1763683200123\r\n", "$5\r\nhello\r\n",
        "$-1\r\n", "*-1\r\n", "*0\r\n", "*2\r\n$5\r\nstate\r\n$5\r\nready\r\n",
        "*3\r\n:1\r\n*2\r\n$3\r\n1-0\r\n*4\r\n$1\r\nj\r\n$2\r\nt0\r\n$1\r\nt\r\n$5\r\nstate\r\n+PONG\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
        "-ERR unknown command 'x', with args beginning with: 'a' 'b' \r\n+OK\r\n:2\r\n",
        "$0\r\n\r\n$4\r\n\r\n\r\n\r\n",
    ]

    /// Puts a reply made at random in place of a line, so that most lengths are right.
    @Sendable private static func restructure(_ bytes: inout [UInt8], _ random: inout FuzzRandom) {
        let starts = [0] + bytes.indices.filter { $0 > 0 && bytes[$0 - 1] == 10 }
        let start = random.pick(starts)
        let end = starts.first { $0 > start } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: reply(depth: 0, &random))
    }

    private static func reply(depth: Int, _ random: inout FuzzRandom) -> [UInt8] {
        func line(_ text: String) -> [UInt8] { Array("\(text)\r\n".utf8) }
        switch random.below(depth < 8 ? 7 : 5) {
        case 0: return line("+" + String(repeating: "s", count: random.below(20)))
        case 1: return line("-ERR '\(random.below(1000))' `x' \"y")
        case 2: return line(":\(Int64(bitPattern: random.next()))")
        case 3: return line(random.oneIn(2) ? "$-1" : "*-1")
        case 4:
            let body = (0..<random.below(40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            return line("$\(body.count)") + body + line("")
        default:
            let count = random.below(5)
            return line("*\(count)") + (0..<count).flatMap { _ in reply(depth: depth + 1, &random) }
        }
    }

    /// What came of a stream: its whole replies, and whether it ended in an error.
    private struct Outcome: Equatable {
        var values: [RESPValue] = []
        var isRefused = false
    }

    private static func outcome(
        of bytes: [UInt8], inPiecesOf size: Int, limits: RESPReader.Limits
    ) throws -> Outcome {
        let reader = try RESPReader(limits: limits)
        var outcome = Outcome()
        do {
            for start in stride(from: 0, to: bytes.count, by: size) {
                try bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { try reader.feed($0) }
                while let value = try reader.next(operation: "T") { outcome.values.append(value) }
            }
        } catch let error as RedisError {
            try FuzzFailure.unless(error.code == .protocolViolation, "refused as \(error.code)")
            outcome.isRefused = true
        }
        return outcome
    }

    @Sendable private static func read(_ bytes: [UInt8]) throws -> FuzzTarget.Verdict {
        var limits = RESPReader.Limits()
        // The real bound now and then: it lets a claim allocate a few megabytes.
        if bytes.count % 16 != 0 { limits.elements = 4096 }
        let whole = try outcome(of: bytes, inPiecesOf: max(1, bytes.count), limits: limits)
        for size in bytes.count < 1024 ? [1, 7] : [13] {
            let cut = try outcome(of: bytes, inPiecesOf: size, limits: limits)
            try FuzzFailure.unless(cut == whole, "cut into pieces of \(size) bytes it reads otherwise")
        }
        // Nothing comes out that did not come in: no claimed length makes a value.
        let size = whole.values.reduce(0) { $0 + held($1) }
        try FuzzFailure.unless(size <= bytes.count, "\(size) bytes of values came of \(bytes.count)")
        for value in whole.values {
            guard let written = encoded(value) else { continue }
            let again = try outcome(of: written, inPiecesOf: written.count, limits: RESPReader.Limits())
            try FuzzFailure.unless(again == Outcome(values: [value]), "written and read again it is another value")
        }
        return whole.isRefused ? .refused : .accepted
    }

    /// The least bytes that such a value takes on the wire.
    private static func held(_ value: RESPValue) -> Int {
        switch value {
        case .bulk(let bytes): bytes.count + 6
        case .array(let values): values.reduce(4) { $0 + held($1) }
        case .status, .error, .integer: 3
        case .null: 5
        }
    }

    /// The value as a server sends it; `nil` for errors, which do not keep the server's words.
    private static func encoded(_ value: RESPValue) -> [UInt8]? {
        switch value {
        case .status(let text): return Array("+\(text)\r\n".utf8)
        case .integer(let number): return Array(":\(number)\r\n".utf8)
        case .bulk(let bytes): return Array("$\(bytes.count)\r\n".utf8) + bytes + [13, 10]
        case .null: return Array("$-1\r\n".utf8)
        case .error: return nil
        case .array(let values):
            var bytes = Array("*\(values.count)\r\n".utf8)
            for value in values {
                guard let part = encoded(value) else { return nil }
                bytes += part
            }
            return bytes
        }
    }
}
