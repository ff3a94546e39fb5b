// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A reader of bytes from outside, and what must hold of it for every input.
public struct FuzzTarget: Sendable {
    /// What the reader said of an input.
    public enum Verdict: Sendable { case accepted, refused }

    /// Names the files of inputs that fail.
    public let name: String
    /// Valid inputs, from which others are made.
    public let seeds: [[UInt8]]
    /// Words of the format, put in at random places.
    public let words: [[UInt8]]
    /// Inputs are cut to so many bytes.
    public var maximumBytes = 16 << 10
    /// Changes an input as only who knows the format can; half of all inputs go through it.
    public let restructure: (@Sendable (inout [UInt8], inout FuzzRandom) -> Void)?
    /// Reads an input; throws `FuzzFailure` where something does not hold that must.
    public let read: @Sendable ([UInt8]) throws -> Verdict

    /// - Parameter words: as text.
    public init(
        name: String, seeds: [[UInt8]], words: [String] = [],
        restructure: (@Sendable (inout [UInt8], inout FuzzRandom) -> Void)? = nil,
        read: @escaping @Sendable ([UInt8]) throws -> Verdict
    ) {
        self.name = name
        self.seeds = seeds
        self.words = words.map { Array($0.utf8) }
        self.restructure = restructure
        self.read = read
    }
}

/// Something that must hold for every input did not.
public struct FuzzFailure: Error, CustomStringConvertible {
    /// What did not hold.
    public let description: String

    public init(_ description: String) { self.description = description }

    /// Throws unless the condition holds.
    public static func unless(_ condition: Bool, _ description: @autoclosure () -> String) throws {
        if !condition { throw FuzzFailure(description()) }
    }
}
