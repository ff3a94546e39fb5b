// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Collectives
import Corpora
import Files
import Llama

/// Why a run failed, as far as those who asked for it need to tell failures apart.
public struct RunFailure: Error, Codable, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: String, Codable, Sendable {
        /// What was asked for cannot be done: it would fail again.
        case input
        /// A file could not be written: it may go well next time.
        case storage
        /// A rank has ended.
        case ranks
    }

    public let kind: Kind
    /// What, where, and how to mend it, in one line.
    public let description: String

    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// What an error of this half means; nil for any other.
    public init?(_ error: any Error) {
        switch error {
        case let error as RunFailure: self = error
        case let error as TrainingError: self.init(error.code == .checkpoint ? .storage : .input, error.description)
        case let error as FileError: self.init(error.code == .unwritable ? .storage : .input, error.description)
        case let error as CheckpointError: self.init(error.code == .unwritable ? .storage : .input, error.description)
        case let error as LlamaError: self.init(.input, error.description)
        case let error as CorporaError: self.init(.input, error.description)
        case let error as CollectiveError:
            self.init(error.code == .unavailable ? .input : .ranks, error.description)
        default: return nil
        }
    }
}
