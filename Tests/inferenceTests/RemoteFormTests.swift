// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import ServiceRuntime
import Testing

@testable import inference

@Suite("What remote models are told and tell")
struct RemoteFormTests {
    private static func model(
        _ form: RemoteModel.ChoiceForm?, route: RemoteModel.Route? = nil
    ) throws -> RemoteModel {
        var fields: [String: JSONValue] = ["url": "https://example.com/v1", "model": "m"]
        fields["choicesBy"] = form.map { .string($0.rawValue) }
        fields["route"] = route.map { .string($0.rawValue) }
        return try MessageDecoder(policy: .strict).decode(RemoteModel.self, from: .object(fields))
    }

    private static let request = GenerationRequest(prompt: "Is it?", maxTokens: 2, choices: [" yes", " no", " maybe"])

    @Test("Choices are told in the endpoint's form, and room is made for the longest")
    func told() throws {
        #expect(RemoteChoices(Self.request, of: try Self.model(nil)) == nil)
        #expect(RemoteChoices(GenerationRequest(prompt: "x"), of: try Self.model(.guidedChoice)) == nil)
        let spaced: JSONValue = [" yes", " no", " maybe"]
        let trimmed: JSONValue = ["yes", "no", "maybe"]
        for (form, route, field, value) in [
            (.responseFormat, .completions, "response_format", ["type": "choice", "choices": spaced]),
            (.guidedChoice, .completions, "guided_choice", spaced), (.guidedChoice, .chat, "guided_choice", trimmed),
            (.structuredOutputs, .completions, "structured_outputs", ["choice": spaced]),
        ] as [(RemoteModel.ChoiceForm, RemoteModel.Route, String, JSONValue)] {
            var body: [String: JSONValue] = [:]
            let choices = try #require(RemoteChoices(Self.request, of: try Self.model(form, route: route)))
            choices.tell(&body, maxTokens: 2)
            #expect(body[field] == value && body["max_tokens"] == 14)
        }
        var body: [String: JSONValue] = [:]
        let choices = try #require(RemoteChoices(Self.request, of: try Self.model(.jsonSchema)))
        choices.tell(&body, maxTokens: 2)
        let schema = body["response_format"]?["json_schema"]?["schema"]
        #expect(schema?["properties"]?["answer"]?["enum"] == trimmed && schema?["required"] == ["answer"])
    }

    @Test("An answer is one of the choices, whatever space is around it, or none")
    func chosen() throws {
        let plain = try #require(RemoteChoices(Self.request, of: try Self.model(.guidedChoice)))
        for (answer, choice) in [(" no", " no"), ("no", " no"), ("maybe\n", " maybe"), ("no way", nil), ("", nil)] {
            #expect(plain.chosen(answer) == choice)
        }
        let json = try #require(RemoteChoices(Self.request, of: try Self.model(.jsonSchema)))
        for (answer, choice) in [
            (#"{"answer": "no"}"#, " no"), (#"{"answer": 3}"#, nil), ("no", nil), (#"{"answer": "n"#, nil),
        ] {
            #expect(json.chosen(answer) == choice)
        }
    }

    @Test("A continuation's tokens are counted from the end: characters told in pieces do not shift them")
    func places() throws {
        let told = try #require(
            RemoteLogprobs(
                [
                    "tokens": ["caf", "\u{FFFD}", "\u{FFFD}", ":", " y", "es", " so"],
                    "token_logprobs": [.null, -1, -1, -1, -0.5, -0.25, -9], "text_offset": [0, 3, 4, 5, 6, 8, 10],
                ], isChat: false))
        #expect(told.last(characters: 4, before: 1) == [4, 5])
        #expect(told.last(characters: 4, before: 0) == [5, 6])
        #expect(told.last(characters: 3, before: 1) == [4, 5])
        // The first token has no log-probability, and there are no more than there are.
        #expect(told.last(characters: 40, before: 0) == [] && told.last(characters: 4, before: 9) == [])
    }
}
