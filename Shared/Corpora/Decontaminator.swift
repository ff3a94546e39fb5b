// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Finds documents that contain text of a benchmark.
///
/// The rule: a document is contaminated if it shares 13 words in a row with a benchmark text (Brown et al. 2020,
/// appendix C). A benchmark text of 8 to 12 words contaminates where all of it occurs; shorter ones are too common to
/// say anything and are counted as unused. Words are compared in lower case and without punctuation.
struct Decontaminator: Sendable {
    static let runLength = 13
    static let shortestText = 8

    private var runs: [Int: Set<UInt64>] = [:]
    /// Benchmark texts that are looked for.
    private(set) var used = 0
    /// Benchmark texts too short to look for.
    private(set) var unused = 0

    /// Takes in a benchmark text.
    mutating func add(_ text: String) {
        let words = WordFingerprints(text)
        guard words.words.count >= Self.shortestText else {
            unused += 1
            return
        }
        used += 1
        let length = min(Self.runLength, words.words.count)
        words.forEachRun(of: length) {
            runs[length, default: []].insert($0)
            return true
        }
    }

    /// Whether the document shares a run with any benchmark text.
    func isContaminated(_ document: WordFingerprints) -> Bool {
        for (length, known) in runs {
            var isFound = false
            document.forEachRun(of: length) {
                isFound = known.contains($0)
                return !isFound
            }
            if isFound { return true }
        }
        return false
    }
}
