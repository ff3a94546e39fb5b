// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// What both kinds of completion have in common: how to draw, when to stop, how to answer.
struct SamplingParameters: Sendable {
    var model: String
    /// Answers to each prompt.
    var count: Int
    var isStreaming: Bool
    var includesUsage: Bool
    /// Whether prompts given as text start with the beginning-of-sequence id; nil: as the tokenizer says.
    var addBOS: Bool?
    /// All that is the same in every request of the job.
    var request = GenerationRequest()

    /// The most answers of one request.
    private static let mostAnswers = 128
    /// Fields that OpenAI has and that ask for nothing in this form.
    private static let harmless: [(String, [JSONValue])] = [
        ("frequency_penalty", [0]), ("presence_penalty", [0]), ("store", [false]),
        ("service_tier", ["auto", "default"]),
    ]
    /// Fields that say something about the request and change nothing in its answer.
    private static let notes = ["user", "metadata", "safety_identifier", "prompt_cache_key"]

    init(_ parameters: inout RequestParameters) throws(Problem) {
        guard let model = try parameters.text("model"), !model.isEmpty else {
            throw .invalid("missing-field", "model: is missing; GET /v1/models lists names", field: "model")
        }
        self.model = model
        count = try parameters.integer("n", in: 1...Self.mostAnswers) ?? 1
        isStreaming = try parameters.flag("stream") ?? false
        includesUsage = try Self.includesUsage(&parameters, isStreaming: isStreaming)
        addBOS = try parameters.flag("add_special_tokens")
        // OpenAI's default; the seed is drawn here, so that another attempt of the job writes the same answer.
        request.temperature = try parameters.number("temperature", in: 0...100) ?? 1
        request.topP = try parameters.number("top_p", in: 0...1)
        request.topK = try parameters.integer("top_k", in: -1...Int(Int32.max)).map { max(0, $0) }
        request.minP = try parameters.number("min_p", in: 0...1)
        request.repetitionPenalty = try parameters.number("repetition_penalty", in: 0.01...100)
        request.ignoreEndOfSequence = try parameters.flag("ignore_eos")
        request.logitBias = try Self.logitBias(parameters.value("logit_bias"))
        request.stop = try parameters.texts("stop", atMost: 64)
        if request.stop?.contains("") == true {
            throw .invalid("invalid-value", "stop: a stop text is empty", field: "stop")
        }
        let seed = try parameters.integer("seed", in: Int.min...Int.max)
        request.seed = seed.map { UInt64(bitPattern: Int64($0)) } ?? .random(in: 0..<(1 << 53))
        request.responseFormat = try Self.responseFormat(parameters.value("response_format"))
        for (name, values) in Self.harmless { try parameters.allow(name, only: values) }
        for name in Self.notes { _ = parameters.value(name) }
    }

    /// The requests for one prompt: as many as answers are wanted, each with a seed of its own.
    func requests(_ prompt: GenerationRequest) -> [GenerationRequest] {
        (0..<count).map { number in
            var request = prompt
            request.seed = prompt.seed.map { $0 &+ UInt64(number) }
            return request
        }
    }

    private static func includesUsage(
        _ parameters: inout RequestParameters, isStreaming: Bool
    ) throws(Problem) -> Bool {
        guard let value = parameters.value("stream_options") else { return false }
        guard isStreaming else {
            throw .invalid("invalid-value", "stream_options: goes with stream only", field: "stream_options")
        }
        guard case .object(let members) = value else {
            throw RequestParameters.wrong("stream_options", "an object", value)
        }
        for (name, member) in members where name != "include_usage" && member != .null && member != false {
            throw .invalid(
                "unsupported-parameter", "stream_options: takes include_usage only", field: "stream_options")
        }
        return members["include_usage"] == true
    }

    private static func logitBias(_ value: JSONValue?) throws(Problem) -> [String: Double]? {
        let name = "logit_bias"
        guard let value else { return nil }
        guard case .object(let members) = value else {
            throw RequestParameters.wrong(name, "an object of token ids and numbers", value)
        }
        guard members.count <= GenerationRequest.mostBiases else {
            throw .invalid("invalid-value", "\(name): takes at most \(GenerationRequest.mostBiases)", field: name)
        }
        var bias: [String: Double] = [:]
        for (id, member) in members {
            guard let number = member.doubleValue else {
                throw RequestParameters.wrong(name, "an object of token ids and numbers", member)
            }
            guard let token = Int32(id), token >= 0, String(token) == id, (-100...100).contains(number) else {
                throw .invalid(
                    "invalid-value", "\(name): must give token ids numbers from -100 to 100", field: name)
            }
            bias[id] = number
        }
        return bias.isEmpty ? nil : bias
    }

    private static func responseFormat(_ value: JSONValue?) throws(Problem) -> ResponseFormat? {
        let name = "response_format"
        guard let value else { return nil }
        switch value["type"]?.stringValue {
        case "text": return nil
        case "json_schema":
            guard let schema = value["json_schema"]?["schema"] else {
                throw .invalid("missing-field", "\(name).json_schema.schema: is missing", field: name)
            }
            return ResponseFormat(.jsonSchema, schema: schema)
        case "choice":
            guard case .array(let items)? = value["choices"] else {
                throw .invalid("missing-field", "\(name).choices: must be a list of strings", field: name)
            }
            let choices = items.compactMap(\.stringValue)
            guard choices.count == items.count, !choices.isEmpty, !choices.contains("") else {
                throw .invalid("invalid-value", "\(name).choices: must be strings, none empty", field: name)
            }
            return ResponseFormat(.choice, choices: choices)
        case "json_object":
            throw .invalid(
                "unsupported-parameter", "\(name): json_object is not supported; give json_schema with a schema",
                field: name)
        default:
            throw .invalid("invalid-value", "\(name).type: must be text, json_schema or choice", field: name)
        }
    }
}
