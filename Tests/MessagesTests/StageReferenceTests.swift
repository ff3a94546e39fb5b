// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import Testing

@Suite("${stage.field} stands for an earlier stage's output")
struct StageReferenceTests {
    @Test func parsesOnlyWholeReferences() {
        #expect(StageReference("${a.b}") == StageReference(stage: "a", field: "b"))
        #expect(StageReference("${a.b.c}") == StageReference(stage: "a", field: "b.c"))
        for text in [
            "${patient Weber. has fever}", "", "${a}", "${.b}", "${a.}", "x${a.b}", "${a.b}x", "${a.${b.c}}", "$a.b",
            "${HOME}",
        ] {
            #expect(StageReference(text) == nil, "\(text)")
        }
    }

    @Test func resolvesAnywhereInAValue() throws {
        let value: JSONValue = [
            "model": "${base.model}", "list": [1, "${corpus.heldOut.clinical}"], "plain": "${HOME}", "n": 2.5,
        ]
        #expect(
            value.stageReferences == [
                StageReference(stage: "base", field: "model"),
                StageReference(stage: "corpus", field: "heldOut.clinical"),
            ])
        let outputs: [String: JSONValue] = [
            "base": ["model": "sha256:0"], "corpus": ["heldOut": ["clinical": ["a", "b"]]],
        ]
        let resolved = try value.resolvingStageReferences { outputs[$0] }
        #expect(resolved == ["model": "sha256:0", "list": [1, ["a", "b"]], "plain": "${HOME}", "n": 2.5])
    }

    @Test func aMissingOutputIsNamed() {
        #expect(
            throws: MessageError(
                .unresolvedReference, path: "payload", detail: "${base.adapter}: the stage gave no such output")
        ) {
            try JSONValue.string("${base.adapter}").resolvingStageReferences { _ in ["model": "m"] }
        }
    }

    @Test func whatAReferenceResolvesToIsNotResolvedAgain() throws {
        let resolved = try JSONValue.string("${a.text}").resolvingStageReferences { _ in ["text": "${b.secret}"] }
        #expect(resolved == "${b.secret}")
    }

    @Test func dataReferencesTellWhatTheyAre() {
        let id = "sha256:" + String(repeating: "0f", count: 32)
        #expect(DataReference(id) == .artifact(ArtifactID(id)))
        #expect(DataReference("${a.b}") == .stage(StageReference(stage: "a", field: "b")))
        for text in ["${patient Weber. has fever}", "a/b.jsonl", id.uppercased(), id + "0", "sha256:", "md5:00"] {
            #expect(DataReference(text) == .path(text))
        }
    }
}
