// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

extension Golden {
    static let run = RunID("01K9A0000000000000000000ZZ")
    static let job = JobID("01K9A0000000000000000000ZZ.base")
    static let failure = JobFailure(
        .badInput, title: "The job can't be done as asked", detail: "payload.texts: is missing", retryable: false)

    static let snapshot = JobSnapshot(
        id: job, kind: .trainTune, state: .running, run: run, stage: "base", parent: JobID("p"), tenant: "lab",
        priority: 2, attempts: 1, crashes: 1, interruptions: 1, cancelRequested: true, progress: progress,
        error: failure, result: result, created: 1_700_000_000_000, started: 1_700_000_000_001,
        finished: 1_700_000_000_002)

    static let progress = JobProgress(
        phase: "training", step: 3, total: 10, metrics: ["loss": 2.5],
        published: [PublishedModel(step: 2, model: .artifact(digest("c")), adapter: .artifact(digest("d")))])
    static let result = JobResult(
        status: .succeeded, output: ["ids": [[1]]], metrics: ["seconds": 0.5], artifacts: [digest("a")])

    static let recipe = Recipe(
        name: "demo",
        stages: [
            "vocabulary": RecipeStage(
                kind: .tokenizeTrain, payload: ["sources": ["corpus/*.jsonl"], "vocabularySize": 512], priority: 1),
            "ids": RecipeStage(
                kind: .tokenizeText, payload: ["tokenizer": "${vocabulary.tokenizer}", "texts": ["a"]],
                after: ["vocabulary"], onFailure: .continue),
        ])

    /// Everything else that crosses a process.
    static let values: [Golden] = [
        Golden(
            "part",
            GenerationPart(
                index: 1, position: 3, text: " ye", ids: [4874, 12], logprobs: [-0.25, -1], tokens: [" y", "e"],
                topLogprobs: [[TokenLogprob(id: 4874, text: " y", logprob: -0.25)], []], finishReason: .stop)),
        Golden(
            "envelope",
            JobEnvelope(
                id: job, run: run, stage: "base", parent: JobID("p"), tenant: "lab", priority: 2, attempt: 3,
                errors: 1, fence: Fence(1_700_000_000_000_000),
                traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", deadline: 1_800_000_000_000,
                waited: 250, message: JobMessage(kind: .tokenizeText, payload: ["texts": []]))),
        Golden(
            "envelope.small",
            JobEnvelope(id: JobID("j"), fence: Fence(1), message: JobMessage(kind: "later.kind", payload: .null))),
        Golden("snapshot", snapshot),
        Golden("control.small", QueueControl()),
        Golden(
            "control",
            QueueControl(
                isPaused: true, maximumDepth: 1000, maximumRunning: 8, tenantMaximumDepth: 100,
                tenantMaximumRunning: 2)),
        Golden(
            "audit",
            QueueAudit(
                cursor: "j:1", jobsSeen: 100, findings: [.init(job: job, problem: .withoutLease)], repaired: 1)),
        Golden("snapshot.small", JobSnapshot(id: JobID("j"), kind: .tokenizeText, state: .ready, created: 1)),
        Golden("result.succeeded", result),
        Golden("result.failed", JobResult(status: .failed, error: failure)),
        Golden("progress", progress),
        Golden("failure", failure),
        Golden(
            "run",
            RunSnapshot(
                id: run, name: "demo", tenant: "lab", state: .succeeded, created: 1, finished: 2, stages: [snapshot])),
        Golden("recipe", recipe),
        Golden(
            "event.state",
            JobEvent(id: "1700000000000-0", kind: .state, job: job, run: run, stage: "base", state: .upstreamFailed)),
        Golden("event.progress", JobEvent(id: "1-1", kind: .progress, job: job, progress: progress)),
        Golden("event.lease", JobEvent(id: "1-2", kind: .leaseExpired, job: job)),
        Golden("event.cancel", JobEvent(id: "1-3", kind: .cancelRequested, job: job)),
        Golden("event.gap", JobEvent(id: "1-4", kind: .gap, job: job, error: failure)),
        Golden(
            "problem",
            ProblemDocument(
                type: "/problems/unknown-field", title: "Unknown field", status: 422, detail: "did you mean …",
                field: "payload.texts")),
    ]
}
