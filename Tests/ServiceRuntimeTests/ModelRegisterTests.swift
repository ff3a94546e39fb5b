// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import ServiceRuntime
import Testing

@Suite("The file of models' names says what each stands for, and mistakes are told by their place")
struct ModelRegisterTests {
    @Test func names() throws {
        let register = try ModelRegister(
            parsing: """
                models:
                  clinic: {model: "models/base", adapter: "models/adapter", chatTemplate: llama3}
                  hosted: {remote: {url: "https://example.com/v1", model: theirs, keyVariable: KEY}}
                """)
        #expect(register.reference(named: "clinic") == .stored("models/base"))
        #expect(register.reference(named: "hosted") == .remote("hosted"))
        #expect(register.reference(named: "nobody") == nil)
        #expect(register.models["clinic"]?.chatTemplate == "llama3")
    }

    @Test(arguments: [
        ("models: {a: {}}", "models.a"), ("models: {a: {model: m, remote: {url: 'https://e', model: x}}}", "models.a"),
        ("models: {'a b': {model: m}}", "models"), ("models: {a: {modle: m}}", "models.a"),
        ("models: {a: {remote: {url: 'http://example.com/v1', model: x}}}", "models.a.remote.url"),
        (
            "models: {a: {remote: {url: 'https://e', model: x, requestsPerMinute: 0}}}",
            "models.a.remote.requestsPerMinute"
        ),
        ("models: {a: {model: '${b.model}'}}", "models.a"),
    ])
    func mistakes(text: String, place: String) {
        let error = #expect(throws: MessageError.self) { try ModelRegister(parsing: text) }
        #expect(error?.path == place)
    }

    @Test func referencesOfRemoteModels() throws {
        let message = try JobMessage(
            .inferScore, ScoreText(model: .remote("hosted"), requests: [.init(context: "a", continuation: "b")]))
        #expect(message.payload["model"] == "remote:hosted")
        #expect(message.dataPlaces.isEmpty, "its name is no path")
        #expect(try message.decode(ScoreText.self).model == .remote("hosted"))
    }
}
