// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Generation
import Testing

@Suite("A stop string ends an answer wherever it falls")
struct StopConditionTests {
    private func expect(_ stop: inout StopCondition, _ text: String, _ end: Int?) {
        let found = stop.end(in: text)
        #expect(found == end)
    }

    @Test("A string across several tokens is found where it begins")
    func acrossTokens() {
        var stop = StopCondition(["###", "END"])
        var text = ""
        var found: [Int?] = []
        for piece in ["ab", "#", "#", "c E", "N", "D."] {
            text += piece
            found.append(stop.end(in: text))
        }
        #expect(found == [nil, nil, nil, nil, nil, 6])
    }

    @Test("The earliest of several wins")
    func earliest() {
        var stop = StopCondition(["zz", "a"])
        expect(&stop, "xxzzya", 2)
    }

    @Test("Text behind a half character is searched again once it is whole")
    func halfCharacter() {
        var stop = StopCondition(["é!"])
        expect(&stop, "caf\u{FFFD}", nil)
        expect(&stop, "café", nil)
        expect(&stop, "café!", 3)
    }

    @Test("Matching is by bytes, not by canonical equivalence")
    func bytes() {
        var stop = StopCondition(["\u{E9}"])
        expect(&stop, "e\u{301}", nil)
        expect(&stop, "e\u{301}\u{E9}", 3)
    }
}
