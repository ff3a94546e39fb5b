// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CHiredis

/// A command and its arguments, binary-safe.
public struct RedisCommand: Sendable, Hashable {
    /// The first word, and for a script its name: all that errors may say of a command.
    public let operation: String

    private var bytes: [UInt8]
    private var lengths: [Int]

    /// A command of text arguments.
    public init(_ name: String, _ arguments: String...) {
        self.init(name, arguments: arguments)
    }

    /// A command of text arguments; `operation` is what errors call it.
    public init(_ name: String, arguments: [String], operation: String? = nil) {
        self.operation = operation ?? name
        bytes = Array(name.utf8)
        lengths = [bytes.count]
        for argument in arguments { append(argument) }
    }

    /// Adds a text argument.
    public mutating func append(_ argument: String) {
        let before = bytes.count
        bytes.append(contentsOf: argument.utf8)
        lengths.append(bytes.count - before)
    }

    /// Adds a binary argument.
    public mutating func append(_ argument: [UInt8]) {
        bytes.append(contentsOf: argument)
        lengths.append(argument.count)
    }

    /// Appends the command as it goes over the wire.
    func encode(into output: inout [UInt8]) throws(RedisError) {
        var target: UnsafeMutablePointer<CChar>?
        let length = bytes.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { characters in
                var start = 0
                let pointers: [UnsafePointer<CChar>?] = lengths.map { length in
                    defer { start += length }
                    return characters.baseAddress.map { $0 + start }
                }
                var copy = pointers
                return redisFormatCommandArgv(&target, Int32(lengths.count), &copy, lengths)
            }
        }
        guard length >= 0, let target else {
            throw RedisError(.protocolViolation, operation: operation, detail: "no memory to format the command")
        }
        defer { redisFreeCommand(target) }
        output.append(contentsOf: UnsafeRawBufferPointer(start: target, count: Int(length)))
    }
}
