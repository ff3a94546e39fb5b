// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
public import Messages

/// A model behind an OpenAI-compatible endpoint, as the file of `MELLAMA_MODELS_FILE` describes it.
public struct RemoteModel: Codable, Sendable, Hashable {
    /// Up to `/v1`, such as `https://api.example.com/v1`.
    public var url: String
    /// The endpoint's name of the model.
    public var model: String
    /// The environment variable that holds the key, or the file: never the key itself.
    public var keyVariable: String?
    public var keyFile: String?
    /// At most so many requests a minute by each worker. Default 60.
    public var requestsPerMinute: Double?
    /// What a token costs, in whichever currency: told in the metrics of results.
    public var promptPrice: Double?
    public var completionPrice: Double?
    /// How long one request may take. Default 300.
    public var timeoutSeconds: Double?
    /// Tokens that prompt and answer may have together, for evaluations. Default 4,096.
    public var contextLength: Int?
    /// The route that texts go to: a prompt is completed, or put as one message of a user. Default `completions`.
    public var route: Route?
    /// How the endpoint is told to answer with one of a few texts; without it, it can't be.
    public var choicesBy: ChoiceForm?

    /// A route of OpenAI's interface.
    public enum Route: String, Codable, Sendable { case completions, chat }

    /// How endpoints take choices.
    public enum ChoiceForm: String, Codable, Sendable {
        /// `response_format` of type `choice`, as this project's gateway takes it.
        case responseFormat = "response_format"
        /// `response_format` of type `json_schema`: an object whose `answer` is one of them, as OpenAI takes it.
        case jsonSchema = "json_schema"
        /// `guided_choice`, as vLLM took it.
        case guidedChoice = "guided_choice"
        /// `structured_outputs` with `choice`, as vLLM takes it now.
        case structuredOutputs = "structured_outputs"
    }

    /// What `contextLength` is where nothing is said.
    public static let defaultContextLength = 4096

    func validate(_ path: String) throws(MessageError) {
        func require(_ condition: Bool, _ field: String, _ detail: String) throws(MessageError) {
            if !condition { throw MessageError(.invalidValue, path: "\(path).\(field)", detail: detail) }
        }
        let isSecure = url.hasPrefix("https://")
        let isLocal = ["http://127.0.0.1", "http://localhost", "http://[::1]"].contains { url.hasPrefix($0) }
        try require(isSecure || isLocal, "url", "must be https://, or http:// of this machine")
        try require(!model.isEmpty, "model", "is empty")
        try require(keyVariable == nil || keyFile == nil, "keyFile", "give keyVariable or keyFile")
        try require(requestsPerMinute ?? 1 > 0, "requestsPerMinute", "must be above 0")
        try require(promptPrice ?? 0 >= 0 && completionPrice ?? 0 >= 0, "promptPrice", "can't be below 0")
        try require((16...(1 << 24)).contains(contextLength ?? 16), "contextLength", "must be 16 to 16777216")
        try require((0.001...86_400).contains(timeoutSeconds ?? 1), "timeoutSeconds", "must be up to a day")
    }

    /// The key, read anew each time: it may be changed while the service runs. Nil where none is named.
    public func key() throws(JobFailure) -> String? {
        if let keyVariable {
            guard let value = getenv(keyVariable) else {
                throw Self.missing("the environment variable \(keyVariable) is not set where inference runs")
            }
            return String(cString: value)
        }
        guard let keyFile else { return nil }
        guard let data = FileManager.default.contents(atPath: keyFile), data.count <= 1 << 16 else {
            throw Self.missing("the file of keyFile can't be read where inference runs")
        }
        let text = String(decoding: data, as: UTF8.self)
        return String(text.split(whereSeparator: \.isNewline).first ?? "")
    }

    private static func missing(_ detail: String) -> JobFailure {
        JobFailure(.badInput, title: "A remote model without its key", detail: detail)
    }
}
