// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What is heard of one answer while it is written; the last event is `finished` or `failed`.
public enum GenerationEvent: Sendable {
    case part(AnswerPart)
    case finished(GenerationResult)
    case failed(any Error)
}
