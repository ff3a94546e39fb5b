// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a job of some kind is asked to do.
public protocol JobPayload: Codable, Sendable {
    /// What the job answers, the `output` of its result.
    associatedtype Output: Codable & Sendable

    /// The fields of the output, which `${stage.field}` may name.
    static var outputFields: [String] { get }

    /// Checks what types alone can't: bounds, and fields that exclude each other.
    ///
    /// Called before a job is accepted, when `${stage.field}` may still stand in for data and models.
    func validate() throws(MessageError)

    /// Every place where the payload names data or a model.
    var references: [DataReference] { get }
}

extension JobPayload {
    public func validate() throws(MessageError) {}
    public var references: [DataReference] { [] }
}

/// Checks that a validation uses; each throws an error that names the field.
enum Bound {
    static func require(_ condition: Bool, _ path: String, _ detail: @autoclosure () -> String) throws(MessageError) {
        if !condition { throw MessageError(.invalidValue, path: path, detail: detail()) }
    }

    static func range<N: Comparable>(_ value: N?, _ range: ClosedRange<N>, _ path: String) throws(MessageError) {
        guard let value else { return }
        try require(range.contains(value), path, "\(value) is outside \(range.lowerBound)…\(range.upperBound)")
    }

    static func notEmpty(_ value: some Collection, _ path: String) throws(MessageError) {
        try require(!value.isEmpty, path, "is empty; give at least one")
    }
}
