// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hummingbird
import Jobs
import Messages
import ServiceRuntime

extension Gateway {
    /// Where work comes in.
    var submissionRoutes: [Route] {
        [
            Route(.post, "/v1/jobs", "submitJob", .scope(.submit), handler: submitJob),
            Route(.post, "/v1/runs", "submitRun", .scope(.submit), handler: submitRun),
            Route(.post, "/v1/jobs/{id}/retry", "retryJob", .scope(.submit), handler: retryJob),
        ]
    }

    /// The answer to an accepted job.
    struct AcceptedJob: Codable, Sendable {
        var id: JobID
        var kind: JobKind
        var state: JobState
        /// Whether the same `Idempotency-Key` and body had been accepted before.
        var duplicate: Bool

        init(_ receipt: SubmitReceipt, _ submission: JobSubmission) {
            id = receipt.id
            kind = submission.message.kind
            state = receipt.state
            duplicate = receipt.isDuplicate
        }
    }

    /// The answer to an accepted run.
    struct AcceptedRun: Codable, Sendable {
        var id: RunID
        var name: String
        var state: RunSnapshot.State
        /// The stages, parents before children.
        var stages: [String]
        var duplicate: Bool
    }

    @Sendable private func submitJob(_ request: Request, _ context: GatewayContext) async throws -> Response {
        _ = try Query(request, known: [])
        let key = try IdempotencyKey.of(request.headers)
        let document = try await RequestDocument.read(request, limits: limits)
        let span = SubmissionSpan(request.headers, context)
        if case .array(let items) = document {
            let answer = try await submitAll(items, key: key, traceparent: span.traceparent, context.principal)
            span.accepted(jobs: answer.jobs.count { $0.accepted != nil })
            return try .json(answer)
        }
        let submission = try submission(document, key: key, traceparent: span.traceparent, context.principal)
        let receipt = try await broker.submit(submission)
        span.accepted(job: receipt.id, kind: submission.message.kind, state: receipt.state)
        return try .json(
            AcceptedJob(receipt, submission), status: .accepted, headers: [.location: "/v1/jobs/\(receipt.id)"])
    }

    /// Many jobs of one request, each accepted or refused by itself, answered in their order.
    struct BulkAnswer: Codable, Sendable {
        struct Item: Codable, Sendable {
            /// What became of it: 202, or the status that a request of its own would have had.
            var status: Int
            var accepted: AcceptedJob?
            var problem: ProblemDocument?
        }
        var jobs: [Item]
    }

    private func submitAll(
        _ documents: [JSONValue], key: String?, traceparent: String, _ principal: Principal
    ) async throws -> BulkAnswer {
        guard (1...limits.bulkJobs).contains(documents.count) else {
            throw Problem.invalid("invalid-value", "send 1 to \(limits.bulkJobs) jobs in one request", field: nil)
        }
        var items: [BulkAnswer.Item?] = []
        var submissions: [(index: Int, submission: JobSubmission)] = []
        for (index, document) in documents.enumerated() {
            do {
                // Each has a key of its own: the same request is the same jobs.
                let key = key.map { "\($0)/\(index)" }
                submissions.append(
                    (index, try submission(document, key: key, traceparent: traceparent, principal)))
                items.append(nil)
            } catch {
                items.append(Self.refused(error))
            }
        }
        let answers = submissions.isEmpty ? [] : try await broker.submit(submissions.map(\.submission))
        for ((index, submission), answer) in zip(submissions, answers) {
            switch answer {
            case .success(let receipt):
                items[index] = BulkAnswer.Item(status: 202, accepted: AcceptedJob(receipt, submission))
            case .failure(let error): items[index] = Self.refused(error)
            }
        }
        return BulkAnswer(jobs: items.compactMap { $0 })
    }

    private static func refused(_ error: any Error) -> BulkAnswer.Item {
        let problem = Problem(error).document
        return BulkAnswer.Item(status: problem.status, problem: problem)
    }

    private func submission(
        _ document: JSONValue, key: String?, traceparent: String, _ principal: Principal
    ) throws -> JobSubmission {
        let job = try MessageDecoder(policy: .strict).decode(SubmittedJob.self, from: document)
        try job.validate()
        try checkReferences(job.message, below: "")
        return JobSubmission(
            message: job.message, tenant: principal.tenant, priority: job.priority ?? 0, traceparent: traceparent,
            deadline: job.deadline, notBefore: job.notBefore, idempotencyKey: key)
    }

    @Sendable private func submitRun(_ request: Request, _ context: GatewayContext) async throws -> Response {
        _ = try Query(request, known: [])
        let key = try IdempotencyKey.of(request.headers)
        let document = try await RequestDocument.read(request, limits: limits, allowsYAML: true)
        let recipe = try MessageDecoder(policy: .strict).decode(Recipe.self, from: document)
        let order = try recipe.validate()
        for (name, stage) in recipe.stages.sorted(by: { $0.key < $1.key }) {
            let message = JobMessage(kind: stage.kind, payload: stage.payload)
            try checkReferences(message, below: "stages.\(name).")
        }
        let span = SubmissionSpan(request.headers, context)
        let receipt = try await broker.submit(
            RunSubmission(
                recipe: recipe, tenant: context.principal.tenant, traceparent: span.traceparent,
                idempotencyKey: key))
        span.accepted(run: receipt.id)
        let state = try await broker.run(receipt.id)?.state ?? .running
        let accepted = AcceptedRun(
            id: receipt.id, name: recipe.name, state: state, stages: order, duplicate: receipt.isDuplicate)
        return try .json(accepted, status: .accepted, headers: [.location: "/v1/runs/\(receipt.id)"])
    }

    @Sendable private func retryJob(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let job = try await ownedJob(context)
        let state = try await broker.retry(job.id)
        return try .json(
            StateAnswer(id: job.id.rawValue, state: state.rawValue), status: .accepted,
            headers: [.location: "/v1/jobs/\(job.id)"])
    }

    /// Refuses paths outside the data roots and artifacts that are not there, before anything is accepted: this is the
    /// earliest point where they can be told.
    func checkReferences(_ message: JobMessage, below prefix: String) throws(Problem) {
        for place in message.dataPlaces {
            let field = prefix + place.path
            switch place.reference {
            case .stage: continue
            case .path(let path): try check(path, field: field)
            case .artifact(let id):
                guard artifactExists(id) else {
                    throw Problem.invalid(
                        "unknown-artifact",
                        "\(field): the artifact is not in the store; upload it with POST /v1/files, or check the id",
                        field: field)
                }
            }
        }
        if let output = message.output { try check(output, field: prefix + "payload.output") }
    }

    private func check(_ path: String, field: String) throws(Problem) {
        do {
            try dataRoots.check(path)
        } catch {
            throw .invalid(error.type.rawValue, "\(field): \(error.detail)", field: field)
        }
    }
}
