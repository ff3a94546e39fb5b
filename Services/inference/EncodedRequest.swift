// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Generation
import Tokenization

/// A request as the engine takes it, and what is needed to tell its answer.
struct EncodedRequest: Sendable {
    var request: GenerationRequest
    /// The texts of its choices.
    var choices: [String]?
    /// What wrote its messages.
    var chatTemplate: ChatTemplate?
}
