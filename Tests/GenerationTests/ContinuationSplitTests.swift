// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Generation
import Testing

@Suite("Context and continuation are encoded as one string and cut at the context's length")
struct ContinuationSplitTests {
    /// One id a character, but "ab" and " y" are single tokens.
    private func encode(_ text: String) -> [Int32] {
        var ids: [Int32] = []
        var rest = Array(text.unicodeScalars)[...]
        while let first = rest.first {
            if rest.starts(with: "ab".unicodeScalars) {
                ids.append(1000)
                rest = rest.dropFirst(2)
            } else if rest.starts(with: " y".unicodeScalars) {
                ids.append(1001)
                rest = rest.dropFirst(2)
            } else {
                ids.append(Int32(first.value))
                rest = rest.dropFirst()
            }
        }
        return ids
    }

    @Test("Spaces at the end of the context go to the continuation")
    func spaces() {
        let split = ContinuationSplit.encode(context: "Q: ", continuation: "yes", with: encode)
        #expect(split.context == encode("Q:"))
        #expect(split.continuation == [1001] + encode("es"))
    }

    @Test("A merge across the seam stays, cut at the context's own length")
    func seam() {
        let split = ContinuationSplit.encode(context: "xa", continuation: "bc", with: encode)
        #expect(split.context == [120, 1000])
        #expect(split.continuation == encode("c"))
    }

    @Test("An empty or blank context has no ids")
    func empty() {
        #expect(ContinuationSplit.encode(context: "", continuation: "ab", with: encode) == ([], [1000]))
        #expect(ContinuationSplit.encode(context: " ", continuation: "y", with: encode) == ([], [1001]))
    }
}
