// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

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

    /// Appends the command as it goes over the wire: an array of bulk strings.
    func encode(into output: inout [UInt8]) {
        output.reserveCapacity(output.count + bytes.count + 16 * (lengths.count + 1))
        Self.append(UInt8(ascii: "*"), lengths.count, to: &output)
        var start = 0
        for length in lengths {
            Self.append(UInt8(ascii: "$"), length, to: &output)
            output.append(contentsOf: bytes[start..<start + length])
            output.append(contentsOf: Self.lineEnd)
            start += length
        }
    }

    private static let lineEnd: [UInt8] = [13, 10]

    private static func append(_ sign: UInt8, _ number: Int, to output: inout [UInt8]) {
        output.append(sign)
        output.append(contentsOf: String(number).utf8)
        output.append(contentsOf: lineEnd)
    }
}
