// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Redis

@Suite("Replies are parsed within bounds")
struct RESPReaderTests {
    private func feed(_ text: String, to reader: RESPReader) throws {
        try Array(text.utf8).withUnsafeBytes { try reader.feed($0) }
    }

    @Test("Every type, in one piece and byte by byte")
    func types() throws {
        let text = "*6\r\n+OK\r\n:-42\r\n$4\r\n\0\r\nx\r\n$-1\r\n*0\r\n-ERR bad\r\n"
        let expected = RESPValue.array([
            .status("OK"), .integer(-42), .bulk([0, 13, 10, 120]), .null, .array([]),
            .error(RedisError(.serverError, operation: "T", detail: "ERR bad")),
        ])
        let whole = try RESPReader()
        try feed(text, to: whole)
        #expect(try whole.next(operation: "T") == expected)
        #expect(try whole.next(operation: "T") == nil)

        let slow = try RESPReader()
        for character in text.unicodeScalars.dropLast() {
            try feed(String(character), to: slow)
            #expect(try slow.next(operation: "T") == nil)
        }
        try feed("\n", to: slow)
        #expect(try slow.next(operation: "T") == expected)
    }

    @Test(
        "What is not RESP, too deep or too many is refused",
        arguments: [
            "HTTP/1.1 400 Bad Request\r\n", "*2147483647\r\n", "*1048577\r\n", "*99999999999999999999\r\n", "$-2\r\n",
            "$x\r\n", ":12a\r\n", String(repeating: "*1\r\n", count: 12),
            "*1048576\r\n" + String(repeating: "*1048576\r\n", count: 3),
        ])
    func refused(text: String) throws {
        let reader = try RESPReader()
        try feed(text, to: reader)
        let error = try #require(throws: RedisError.self) { try reader.next(operation: "T") }
        #expect(error.code == .protocolViolation)
    }

    @Test("The bound on elements is each reply's own")
    func budget() throws {
        var limits = RESPReader.Limits()
        limits.elements = 4
        let reader = try RESPReader(limits: limits)
        for _ in 0..<3 {
            try feed("*2\r\n*1\r\n:1\r\n:2\r\n", to: reader)
            #expect(try reader.next(operation: "T") == .array([.array([.integer(1)]), .integer(2)]))
        }
        try feed("*2\r\n*3\r\n", to: reader)
        #expect(throws: RedisError.self) { try reader.next(operation: "T") }
    }

    @Test("A bulk string that never ends is given up at the bound")
    func endless() throws {
        var limits = RESPReader.Limits()
        limits.bytes = 1000
        let reader = try RESPReader(limits: limits)
        try feed("$5000\r\n" + String(repeating: "x", count: 900), to: reader)
        #expect(try reader.next(operation: "T") == nil)
        #expect(throws: RedisError.self) { try feed(String(repeating: "x", count: 200), to: reader) }
    }

    @Test("Errors keep the kind and lose quoted argument values")
    func redaction() {
        let unknown = RedisError(
            reply: "ERR unknown command 'x', with args beginning with: 'patient' 'has' ", operation: "X")
        #expect(unknown.code == .serverError)
        #expect(!unknown.detail.contains("patient"))
        #expect(!unknown.detail.contains("has"))
        #expect(RedisError(reply: "LOADING Redis is loading the dataset in memory", operation: "X").isRetryable)
        #expect(RedisError(reply: "MISCONF Redis is configured…", operation: "X").code == .misconfigured)
        #expect(RedisError(reply: "OOM command not allowed", operation: "X").code == .outOfMemory)
        #expect(RedisError(reply: "READONLY You can't write", operation: "X").code == .readOnly)
        #expect(!RedisError(reply: "WRONGTYPE Operation", operation: "X").isRetryable)
        #expect(RedisError(reply: "NOAUTH Authentication required.", operation: "X").code == .authenticationFailed)
    }

    @Test("SHA-1 of the standard's own examples")
    func digest() {
        #expect(SHA1.hexadecimal(of: Array("abc".utf8)) == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(SHA1.hexadecimal(of: []) == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
        let long = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
        #expect(SHA1.hexadecimal(of: Array(long.utf8)) == "84983e441c3bd26ebaae4aa1f95129e5e54670f1")
    }

    @Test("Backoff doubles up to its cap and stays between half and whole")
    func backoff() {
        var backoff = ReconnectBackoff(first: .milliseconds(10), cap: .milliseconds(50))
        #expect((0..<5).map { _ in backoff.next(jitter: 1) } == [10, 20, 40, 50, 50].map { .milliseconds($0) })
        #expect(backoff.next(jitter: 0) == .milliseconds(25))
        backoff.reset()
        #expect(backoff.next(jitter: 0) == .milliseconds(5))
    }
}
