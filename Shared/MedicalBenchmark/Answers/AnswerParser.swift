// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Finds the answer in what a model wrote.
protocol AnswerParser: Sendable {
    /// One of the labels, or nil where the output names none.
    func parse(_ output: String, labels: [String]) -> String?
}

/// Finds all labels that an output names.
protocol LabelSetParser: Sendable {
    /// Those of the labels that the output names, in the labels' order.
    func parse(_ output: String, labels: [String]) -> [String]
}
