// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hummingbird
import Jobs
import Logging
import Messages

/// Writes answers as server-sent events while they arrive: a chunk for each part, the end of each answer, usage where it
/// was asked for, and `[DONE]`. An error is an event too, and the last one.
struct AnswerStream {
    let reader: AnswerReader
    let format: AnswerFormat
    /// Answers of the job, and of each of its prompts.
    let count: Int
    let answersPerPrompt: Int
    let includesUsage: Bool
    let heartbeat: Duration
    let logger: Logger

    typealias Sink = (ByteBuffer) async throws -> Void

    /// Returns when everything is written. Throws what the sink throws, and cancellation.
    func write(to sink: Sink) async throws {
        do {
            try await writeAnswers(to: sink)
            try await sink(ByteBuffer(string: "data: [DONE]\n\n"))
        } catch let error as OpenAIError {
            try await sink(try Self.frame(error.json))
        } catch let error as MessageError {
            // Written by a service of another version.
            logger.error("an answer can't be read", metadata: ["field": "\(error.path)"])
            try await sink(try Self.frame(OpenAIError(.internalError).json))
        } catch let error as JobError {
            try await sink(try Self.frame(OpenAIError(Problem(error)).json))
        }
    }

    private func writeAnswers(to sink: Sink) async throws {
        var answers = [AnswerProgress](repeating: AnswerProgress(), count: count)
        var offsets = [Int](repeating: 0, count: count)
        var lastWrite = ContinuousClock.now
        var opening = ByteBuffer()
        for index in 0..<count {
            if let chunk = format.opening(index) { opening.writeImmutableBuffer(try frame(chunk)) }
        }
        // Headers go out with the first bytes.
        try await sink(opening.readableBytes > 0 ? opening : ByteBuffer(string: ": mellama\n\n"))

        func chunk(_ index: Int, _ delta: AnswerProgress.Delta) throws -> ByteBuffer {
            defer { offsets[index] += delta.text.unicodeScalars.count }
            return try frame(format.delta(index, delta, offset: offsets[index]))
        }
        let output = try await reader.read(
            GenerateText.Output.self,
            onParts: { parts in
                var buffer = ByteBuffer()
                var failure: OpenAIError?
                for part in parts where answers.indices.contains(part.part.index) && failure == nil {
                    do throws(OpenAIError) {
                        guard let delta = try answers[part.part.index].add(part) else { continue }
                        buffer.writeImmutableBuffer(try Self.bytes { try chunk(part.part.index, delta) })
                    } catch {
                        // What came before it is sent all the same.
                        failure = error
                    }
                }
                if buffer.readableBytes > 0 { try await sink(buffer) }
                lastWrite = .now
                if let failure { throw failure }
            },
            onSilence: {
                guard ContinuousClock.now - lastWrite >= heartbeat else { return }
                try await sink(ByteBuffer(string: ": alive\n\n"))
                lastWrite = .now
            })
        var end = ByteBuffer()
        for (index, result) in output.results.prefix(count).enumerated() {
            let rest = try answers[index].finish(result)
            if !rest.text.isEmpty || !rest.tokens.isEmpty { end.writeImmutableBuffer(try chunk(index, rest)) }
            end.writeImmutableBuffer(try frame(format.closing(index, result.finishReason)))
        }
        if includesUsage {
            let usage = AnswerFormat.usage(output.results, answersPerPrompt: answersPerPrompt)
            end.writeImmutableBuffer(try Self.frame(format.usageChunk(usage)))
        }
        try await sink(end)
    }

    /// JSON that can't be written is our own error.
    private static func bytes(_ make: () throws -> ByteBuffer) throws(OpenAIError) -> ByteBuffer {
        do {
            return try make()
        } catch {
            throw OpenAIError(.internalError)
        }
    }

    /// A chunk as an event; where usage is asked for, those before it say that they have none.
    private func frame(_ chunk: JSONValue) throws -> ByteBuffer {
        guard includesUsage, case .object(var members) = chunk else { return try Self.frame(chunk) }
        members["usage"] = .null
        return try Self.frame(.object(members))
    }

    private static func frame(_ value: JSONValue) throws -> ByteBuffer {
        var buffer = ByteBuffer(string: "data: ")
        buffer.writeBytes(try MessageEncoder.encode(value))
        buffer.writeString("\n\n")
        return buffer
    }
}
