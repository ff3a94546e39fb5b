// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How a model is made to answer.
public enum AnswerMode: String, Codable, Sendable, Hashable, CaseIterable {
    /// It writes freely, and its text is parsed; what the paper does.
    case generate
    /// Each answer is scored after the prompt, and the likeliest counts (summed log-likelihood, first of equals).
    case loglikelihood
    /// It writes, and can write nothing but one of the answers.
    case constrained
}
