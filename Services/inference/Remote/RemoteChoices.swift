// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import ServiceRuntime

/// The choices of a request as an endpoint is told them, and which of them its answer is.
struct RemoteChoices {
    let form: RemoteModel.ChoiceForm
    private let choices: [String]
    /// An answer in JSON, or a chat's, does not begin with a space.
    private let isTrimmed: Bool

    /// Nil where there are none, or no way to tell them.
    init?(_ request: GenerationRequest, of model: RemoteModel) {
        guard let choices = Self.choices(of: request), let form = model.choicesBy else { return nil }
        self.choices = choices
        self.form = form
        isTrimmed = form == .jsonSchema || model.route == .chat || request.messages != nil
    }

    static func choices(of request: GenerationRequest) -> [String]? {
        request.choices ?? (request.responseFormat?.type == .choice ? request.responseFormat?.choices : nil)
    }

    /// Tells them. The answer ends by itself, so there is room for any: a token has at least a byte.
    func tell(_ body: inout [String: JSONValue], maxTokens: Int?) {
        let told = JSONValue.array(choices.map { .string(isTrimmed ? Self.trimmed($0) : $0) })
        switch form {
        case .responseFormat: body["response_format"] = ["type": "choice", "choices": told]
        case .guidedChoice: body["guided_choice"] = told
        case .structuredOutputs: body["structured_outputs"] = ["choice": told]
        case .jsonSchema:
            body["response_format"] = [
                "type": "json_schema",
                "json_schema": [
                    "name": "answer", "strict": true,
                    "schema": [
                        "type": "object", "properties": ["answer": ["type": "string", "enum": told]],
                        "required": ["answer"], "additionalProperties": false,
                    ],
                ],
            ]
        }
        let longest = choices.map(\.utf8.count).max() ?? 0
        body["max_tokens"] = .integer(Int64(max(maxTokens ?? 0, longest + (form == .jsonSchema ? 32 : 8))))
    }

    /// The choice that an answer is; nil for anything else.
    func chosen(_ answer: String) -> String? {
        var text = answer
        if form == .jsonSchema {
            guard let value = try? MessageDecoder.parse(Array(answer.utf8)), let told = value["answer"]?.stringValue
            else { return nil }
            text = told
        }
        return choices.first { $0 == text } ?? choices.first { Self.trimmed($0) == Self.trimmed(text) }
    }

    private static func trimmed(_ text: String) -> String {
        var rest = text[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
