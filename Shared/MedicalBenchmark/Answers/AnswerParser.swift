// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Finds the answer in what a model wrote.
protocol AnswerParser: Sendable {
    /// One of the labels, or nil where the output names none.
    func parse(_ output: String, labels: [String]) -> String?
}
