// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Why a training run cannot start or cannot go on: what, where, and how to mend it, in one line.
///
/// The description names fields, steps, files and bounds; it never quotes text of a corpus.
public struct TrainingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it is, for callers that decide on it.
    public enum Code: String, Sendable {
        /// A field of the recipe is missing, misspelt or out of bounds.
        case invalidRecipe
        /// A value is legal but this engine does not offer it.
        case unsupported
        /// The dataset does not fit the model or the recipe.
        case invalidDataset
        /// The loss or the gradient is no longer a finite number.
        case diverged
        /// The run would take more memory than there is.
        case memory
        /// A checkpoint cannot be read or written.
        case checkpoint
    }

    public let code: Code
    /// The field, file, sample or step that is wrong.
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

    public var description: String { "\(subject): \(problem); \(remedy)" }
}
