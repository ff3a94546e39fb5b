// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Testing
import Tokenization

@testable import Corpora

@Suite("Instruction samples are written with Table A1's prompts, and only answers are learnt")
struct InstructionBuilderTests {
    private func samples(_ source: InstructionSource) throws -> [InstructionSample] {
        var samples: [InstructionSample] = []
        try InstructionReader(source).forEach { samples.append($0) }
        return samples
    }

    @Test("the prompts of Table A1 are all there")
    func templates() throws {
        #expect(InstructionTemplate.all.count == 22)
        #expect(
            try InstructionTemplate.named("medicationqa").filled(["What is it?"])
                == "Answer this medical question truthfully. INPUT: What is it? OUTPUT:")
        #expect(
            try InstructionTemplate.named("General domain data").filled(["a", "b"])
                == "Below is an input that describes a task, maybe paired with a context that provides further"
                + " information. Write a response that appropriately completes the request. INPUT: a CONTEXT: b OUTPUT:"
        )
        #expect(try InstructionTemplate.named("WikiDocPatient").name == "Patient Information QA")
        #expect(try InstructionTemplate.named("MIMIC disease multiple-choice").slotCount == 5)
        #expect(throws: CorporaError.self) { try InstructionTemplate.named("MedFlashCards2") }
        #expect(InstructionTemplate.all.allSatisfy { $0.slotCount > 0 && $0.parts.last?.hasSuffix(" OUTPUT:") == true })
    }

    @Test("each layout fills its prompt")
    func layouts() throws {
        try withTemporaryFolder { folder in
            func read(_ format: InstructionSource.Format, _ text: String, template: String? = nil) throws -> [String] {
                let path = try write(text, to: folder + "/data")
                return try samples(InstructionSource(name: "s", format: format, path: path, template: template))
                    .map { $0.prompt + "|" + $0.answer }
            }
            let alpaca = try read(.alpaca, "[{\"instruction\":\"Do.\",\"input\":\"\",\"output\":\" Done.\\n\"}]")
            #expect(alpaca.first?.hasSuffix(" INPUT: Do. CONTEXT:  OUTPUT:|Done.") == true)
            let wikidoc =
                "[{\"instruction\":\"Answer this question truthfully\",\"input\":\"Why?\",\"output\":\"So.\"}]"
            #expect(
                try read(.wikidoc, wikidoc) == ["Answer this medical question truthfully. INPUT: Why? OUTPUT:|So."])
            let med = try read(.medinstruct, "[{\"instruction\":\"I\",\"input\":\"<noinput>\",\"output\":\"O\"}]")
            #expect(med.first?.hasSuffix(" INPUT: I CONTEXT:  OUTPUT:|O") == true)
            #expect(try read(.jsonl, "{\"input\":\"as it is\",\"output\":\"O\"}") == ["as it is|O"])
            #expect(
                try read(.jsonl, "{\"instruction\":\"i\",\"input\":\"j\",\"output\":\"O\"}", template: "LiveQA").first?
                    .hasSuffix(" INPUT: i\nj OUTPUT:|O") == true)
            let slots = "{\"slots\":[\"a\",\"b\",\"c\",\"d\",\"note\"],\"output\":\"A\"}"
            #expect(
                try read(.jsonl, slots, template: "MIMIC disease multiple-choice").first?
                    .contains("A: a B: b C: c D: d Output format") == true)
            #expect(throws: CorporaError.self) { try read(.jsonl, slots, template: "LiveQA") }
            #expect(throws: CorporaError.self) { try read(.jsonl, "{\"output\":\"O\"}") }
            let talk =
                "{\"conversations\":[{\"from\":\"human\",\"value\":\"q\"},{\"from\":\"gpt\",\"value\":\"a\"},"
                + "{\"from\":\"human\",\"value\":\"r\"},{\"from\":\"gpt\",\"value\":\"b\"}]}"
            let turns = try read(.conversations, talk)
            #expect(turns.count == 2)
            #expect(turns[0].hasSuffix(" INPUT: q OUTPUT:|a") && turns[1].hasSuffix(" INPUT: q\na\nr OUTPUT:|b"))
        }
    }

    @Test("a prompt in the paper's form has a context to cut, any other has none")
    func rawPrompts() {
        let sample = InstructionSample(prompt: "Task. INPUT: q CONTEXT: c d OUTPUT:", answer: "a")
        #expect(sample.head == "Task. INPUT: q CONTEXT: " && sample.context == "c d" && sample.tail == " OUTPUT:")
        #expect(InstructionSample(prompt: "Task. c d", answer: "a").context.isEmpty)
    }

    @Test("prompts are masked, answers and EOS are labels, packed samples stay apart", arguments: [false, true])
    func masking(packing: Bool) throws {
        try withTemporaryFolder { folder in
            let tokenizer = try fixtureTokenizer()
            let lines = (0..<40).map { "{\"input\":\"question \($0)\",\"output\":\"the answer \($0)\"}" }
            let path = try write(lines.joined(separator: "\n"), to: folder + "/s.jsonl")
            let options = InstructionOptions(
                sources: [InstructionSource(name: "s", format: .jsonl, path: path, limit: 30)], sequenceLength: 128,
                packing: packing, seed: 1)
            let summary = try InstructionBuilder.build(options, tokenizer: tokenizer, output: folder + "/out")
            #expect(summary.samples == ["s": 30] && summary.truncated == 0 && summary.dropped.isEmpty)
            let dataset = try TokenDataset.load(path: folder + "/out")
            #expect(packing ? dataset.count < 15 : dataset.count == 30)
            var found: Set<String> = []
            var tokens = 0
            for index in 0..<dataset.count {
                let row = try dataset.sequence(index)
                tokens += row.ids.count
                for segment in 0...(row.segments.last ?? 0) {
                    let places = row.segments.indices.filter { row.segments[$0] == segment }
                    let prompt = places.filter { row.labels[$0] == -100 }.map { row.ids[$0] }
                    let answer = places.filter { row.labels[$0] != -100 }.map { row.labels[$0] }
                    #expect(prompt.first == 1 && answer.last == 2)
                    found.insert(tokenizer.decode(prompt) + "|" + tokenizer.decode(answer))
                }
            }
            #expect(found == Set((0..<30).map { "question \($0)|the answer \($0)" }))
            #expect(summary.tokens == ["s": tokens])
        }
    }

    @Test("samples written elsewhere are taken as they are, their answers cut into pieces as they follow the prompt")
    func written() throws {
        let byteLevel = try TokenizerFile.load(
            path: OutsideData.fixtures.appending(path: "tokenization/llama3-like/tokenizer.json").path)
        for tokenizer in [byteLevel, try fixtureTokenizer()] as [any Tokenizer] {
            for separator in [" ", ""] {
                let sample = InstructionSample(
                    head: "Task. INPUT: q CONTEXT: ", context: "c d", tail: " OUTPUT:", answer: "yes",
                    separator: separator)
                let encoded = try #require(
                    InstructionEncoder(tokenizer: tokenizer, sequenceLength: 256).encode(sample))
                let end = tokenizer.endOfSequence.map { [$0] } ?? []
                let answer = Array(encoded.ids[encoded.promptCount...].dropLast(end.count))
                let begin = tokenizer.beginOfSequence.map { [$0] } ?? []
                let whole = begin + tokenizer.encode(untrusted: sample.prompt + separator + sample.answer)
                let alone = tokenizer.encode(untrusted: sample.answer)
                #expect(encoded.ids.starts(with: whole) || answer == alone)
                if separator == " " { #expect(encoded.ids.starts(with: whole)) }
            }
        }
        try withTemporaryFolder { folder in
            let samples = (0..<9).map {
                InstructionSample(
                    head: "h\($0) ", context: "", tail: "", answer: $0 == 4 ? "" : "a\($0)", separator: " ")
            }
            let summary = try InstructionBuilder.build(
                InstructionOptions(
                    sources: [InstructionSource(name: "s", path: "train", samples: samples)], sequenceLength: 64),
                tokenizer: fixtureTokenizer(), output: folder + "/out")
            #expect(summary.samples == ["s": 8] && summary.dropped.map(\.count) == [1])
        }
    }

    @Test("a long sample loses the head of its context, never its question or its answer")
    func truncation() throws {
        try withTemporaryFolder { folder in
            let tokenizer = try fixtureTokenizer()
            let words = (0..<200).map { "word\($0)" }.joined(separator: " ")
            let lines = [
                "{\"instruction\":\"Is the heart well?\",\"input\":\"\(words) and it ends here.\",\"output\":\"yes it is\"}",
                "{\"instruction\":\"Short.\",\"input\":\"c\",\"output\":\"\(words)\"}",
                "{\"instruction\":\"Empty.\",\"input\":\"c\",\"output\":\" \"}",
            ]
            let path = try write(lines.joined(separator: "\n"), to: folder + "/s.jsonl")
            let options = InstructionOptions(
                sources: [InstructionSource(name: "s", format: .jsonl, path: path, template: "MEDIQA")],
                sequenceLength: 160)
            let summary = try InstructionBuilder.build(options, tokenizer: tokenizer, output: folder + "/out")
            #expect(summary.truncated == 1)
            #expect(
                summary.dropped == [
                    .init(source: "s", reason: .empty, count: 1), .init(source: "s", reason: .tooLong, count: 1),
                ])
            let row = try TokenDataset.load(path: folder + "/out").sequence(0)
            #expect(row.ids.count <= 160 && row.ids.count > 120, "no more is cut than needed")
            let text = tokenizer.decode(row.ids)
            #expect(text.hasPrefix("Answer the input medical question based on the given context. INPUT: Is the heart"))
            #expect(text.hasSuffix("word199 and it ends here. OUTPUT: yes it is"))
            #expect(text.contains("CONTEXT: word1"), "cut before a word")
        }
    }
}
