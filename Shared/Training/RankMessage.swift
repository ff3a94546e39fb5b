// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation

/// A line of JSON by which rank 0 tells the process that started the run how it goes.
public enum RankMessage: Codable, Sendable {
    case event(TrainingEvent)
    /// The model after this step lies where the plan says; rank 0 goes on when it is answered.
    case model(step: Int)
    /// The last one.
    case outcome(TrainingOutcome)

    /// Reads a line; throws where it is none of these.
    public init(line: String) throws { self = try JSONDecoder().decode(RankMessage.self, from: Data(line.utf8)) }

    func line() throws -> String { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
}
