// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The three kinds of text of the paper's pre-training mix.
public enum Domain: String, Codable, Sendable, CaseIterable, Hashable {
    case biomedical, clinical, general
}
