// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Generation

@Suite("The text of an answer comes in pieces that stay, and never with part of a stop string")
struct AnswerTextTests {
    /// Tokens that write these texts.
    private struct Pieces: TextStream {
        let texts: [String]
        mutating func append(_ id: Int32) -> String { texts[Int(id)] }
        mutating func finish() -> String { "" }
    }

    private func write(_ texts: [String], stop: [String]) -> (pieces: [String], text: String, isStopped: Bool) {
        var answer = AnswerText(Pieces(texts: texts), stop: stop)
        var pieces: [String] = []
        for id in texts.indices where !answer.isStopped { pieces.append(answer.append(Int32(id))) }
        pieces.append(answer.finish())
        return (pieces, answer.text, answer.isStopped)
    }

    @Test("A string across several tokens is held back and cut")
    func acrossTokens() {
        let found = write(["ab", "#", "#", "c E", "N", "D."], stop: ["###", "END"])
        #expect(found.pieces == ["ab", "", "", "##c ", "", "", ""])
        #expect(found.text == "ab##c " && found.isStopped)
    }

    @Test("What was held back is let through where it becomes no stop string")
    func letThrough() {
        let found = write(["a#", "#", "b", "#"], stop: ["###"])
        #expect(found.pieces == ["a", "", "##b", "", "#"])
        #expect(found.text == "a##b#" && !found.isStopped)
    }

    @Test("The earliest of several wins, the whole one over the one it begins")
    func earliest() {
        #expect(write(["xxzzya"], stop: ["zz", "a"]).text == "xx")
        #expect(write(["x", "a", "b", "c"], stop: ["abd", "bc"]).text == "xa")
    }

    @Test("Matching is by bytes, not by canonical equivalence")
    func bytes() {
        #expect(write(["e\u{301}", "\u{E9}!"], stop: ["\u{E9}"]).text == "e\u{301}")
    }

    @Test("Without stop strings every piece passes at once")
    func none() { #expect(write(["a", "", "é"], stop: []).pieces == ["a", "", "é", ""]) }
}
