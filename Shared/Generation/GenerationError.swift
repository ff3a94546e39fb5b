// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Why a request cannot be answered: what, where, and how to mend it, in one line.
///
/// The description names requests by position and fields by name; it never quotes a prompt or an answer.
public struct GenerationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it is, for callers that decide on it.
    public enum Code: String, Sendable {
        /// A parameter of the request is out of bounds.
        case invalidParameters
        /// The prompt is empty, too long, or holds an id the model does not have.
        case invalidPrompt
        /// The given answers cannot be told apart, or are empty.
        case invalidChoices
        /// The form asked of an answer is none that can be had.
        case invalidFormat
        /// The system gives no thread.
        case noThread
        /// The deadline passed before the answer was there.
        case expired
        /// The logits are not finite numbers: the weights are broken.
        case brokenModel
    }

    public let code: Code
    /// The request or the field that is wrong.
    public let subject: String
    /// What is wrong with it.
    public let problem: String
    /// What a person can do about it.
    public let remedy: String

    public init(_ code: Code, _ subject: String, _ problem: String, remedy: String) {
        self.code = code
        self.subject = subject
        self.problem = problem
        self.remedy = remedy
    }

    static let expired = GenerationError(
        .expired, "request", "is not finished at its deadline", remedy: "give it more time, or ask for less")

    public var description: String { "\(subject): \(problem); \(remedy)" }
}
