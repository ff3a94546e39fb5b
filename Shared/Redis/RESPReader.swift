// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CHiredis

/// hiredis's reply parser with bounds, for bytes of a socket that is ours.
///
/// hiredis 0.14 refuses nesting deeper than seven by itself; the bounds on elements and on buffered bytes are added
/// here, so that no claimed length makes us allocate. Not thread-safe: one connection's thread owns it.
final class RESPReader {
    /// What a reply may grow to before the connection is given up.
    struct Limits: Sendable {
        /// The most bytes of one unfinished reply.
        var bytes = 256 << 20
        /// The most elements of one reply, nested ones included.
        var elements: Int32 = 1 << 20
    }

    private let reader: UnsafeMutablePointer<redisReader>
    private let remainingElements: UnsafeMutablePointer<Int32>
    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    private let limits: Limits

    init(limits: Limits = Limits()) throws(RedisError) {
        guard let reader = redisReaderCreate() else {
            throw RedisError(.protocolViolation, operation: "connect", detail: "no memory for the reply parser")
        }
        self.reader = reader
        self.limits = limits
        remainingElements = .allocate(capacity: 1)
        remainingElements.initialize(to: limits.elements)
        functions = .allocate(capacity: 1)
        functions.initialize(to: reader.pointee.fn.pointee)
        functions.pointee.createArray = { task, count in
            // The parser hands `privdata` of the reader to every task; the budget is the reply's, not the array's.
            guard let task, let budget = task.pointee.privdata?.assumingMemoryBound(to: Int32.self) else { return nil }
            guard count >= 0, count <= budget.pointee else { return nil }
            budget.pointee -= count
            return RESPReader.createArray?(task, count)
        }
        reader.pointee.fn = functions
        reader.pointee.privdata = UnsafeMutableRawPointer(remainingElements)
    }

    deinit {
        redisReaderFree(reader)
        functions.deallocate()
        remainingElements.deallocate()
    }

    /// hiredis's own array builder, found through a parser made for the purpose: its symbol is not exported.
    private static let createArray:
        (@convention(c) (UnsafePointer<redisReadTask>?, Int32) -> UnsafeMutableRawPointer?)? = {
            guard let reader = redisReaderCreate() else { return nil }
            defer { redisReaderFree(reader) }
            return reader.pointee.fn.pointee.createArray
        }()

    /// Adds bytes as they come from the socket.
    func feed(_ bytes: UnsafeRawBufferPointer) throws(RedisError) {
        guard reader.pointee.len - reader.pointee.pos + bytes.count <= limits.bytes else {
            throw RedisError(
                .protocolViolation, operation: "read", detail: "a reply is longer than \(limits.bytes) bytes")
        }
        guard redisReaderFeed(reader, bytes.baseAddress, bytes.count) == REDIS_OK else { throw violation() }
    }

    /// The next whole reply, or `nil` until more bytes are fed.
    func next(operation: String) throws(RedisError) -> RESPValue? {
        var raw: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &raw) == REDIS_OK else { throw violation() }
        guard let raw else { return nil }
        defer { freeReplyObject(raw) }
        remainingElements.pointee = limits.elements
        return Self.value(of: raw.assumingMemoryBound(to: redisReply.self).pointee, operation: operation)
    }

    private func violation() -> RedisError {
        // hiredis's text quotes at most one byte of the stream.
        let text = withUnsafeBytes(of: reader.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return RedisError(
            .protocolViolation, operation: "read",
            detail: "not a RESP reply within bounds (\(text)); is this a Redis port?")
    }

    private static func value(of reply: redisReply, operation: String) -> RESPValue {
        func bytes() -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: reply.str, count: reply.len) }
        switch reply.type {
        case REDIS_REPLY_STRING: return .bulk(Array(bytes()))
        case REDIS_REPLY_STATUS: return .status(String(decoding: bytes(), as: UTF8.self))
        case REDIS_REPLY_INTEGER: return .integer(Int(reply.integer))
        case REDIS_REPLY_ERROR:
            return .error(RedisError(reply: String(decoding: bytes(), as: UTF8.self), operation: operation))
        case REDIS_REPLY_ARRAY:
            let elements = UnsafeBufferPointer(start: reply.element, count: reply.elements)
            return .array(elements.map { $0.map { value(of: $0.pointee, operation: operation) } ?? .null })
        default: return .null
        }
    }
}
