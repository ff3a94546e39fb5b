// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The three kinds of text that continual pre-training mixes (Me LLaMA, "Continual pre-training data").
public enum CorpusDomain: String, Codable, Sendable, CaseIterable, Hashable, CodingKeyRepresentable {
    /// Biomedical literature.
    case biomedical
    /// Clinical notes.
    case clinical
    /// Anything else, kept in so that the model forgets less.
    case general
}
