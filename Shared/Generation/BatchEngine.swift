// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The one owner of a model in use: a thread that computes what everybody asks for in common steps.
///
/// Requests join at the next step and leave when they are done, so those of many jobs decode together. Events come from
/// the engine's thread as they happen: what hears them must not block. The thread ends when the engine is let go and
/// its last request is done.
public final class BatchEngine<Model: SequenceModel>: Sendable {
    public typealias Origin = RequestOrigin<Model.Adapter>

    private enum Submission: Sendable {
        case generate(GenerationRequest, Origin, @Sendable (GenerationEvent) -> Void)
        case score([Int32], [[Int32]], Origin, @Sendable (Int, Result<SequenceScore, any Error>) -> Void)
    }

    public let model: Model
    private let options: BatchOptions
    private let makesText: Bool
    private let inbox = WorkInbox<Submission>()

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - makeText: a fresh decoder for an answer; without it results have no text and stop strings are refused.
    ///   - onStep: hears of every step, on the engine's thread.
    public init(
        model: Model, options: BatchOptions = BatchOptions(), makeText: (@Sendable () -> any TextStream)? = nil,
        onStep: @escaping @Sendable (BatchFigures) -> Void = { _ in }
    ) throws {
        self.model = model
        self.options = options
        makesText = makeText != nil
        try EngineThread.start { [inbox] in
            Self.run(BatchScheduler(model: model, options: options), inbox, makeText, onStep)
        }
    }

    deinit { inbox.close() }

    /// The answers, in the order of `requests`; all are checked before the first is computed.
    ///
    /// Returns early with an error where one of them fails. A cancelled task or origin ends them with `cancelled`.
    /// - Parameter onEvent: hears each answer's events with its position.
    public func generate(
        _ requests: [GenerationRequest], for origin: Origin = Origin(),
        onEvent: @escaping @Sendable (Int, GenerationEvent) -> Void = { _, _ in }
    ) async throws -> [GenerationResult] {
        try GenerationRequest.validate(requests, for: model, canDecode: makesText)
        let gathering = Gathering<GenerationResult>(count: requests.count)
        let origin = origin.also(over: { gathering.isOver })
        return try await gather(gathering) {
            requests.enumerated().map { position, request in
                .generate(request, origin) { event in
                    onEvent(position, event)
                    switch event {
                    case .part: break
                    case .finished(let result): gathering.put(position, .success(result))
                    case .failed(let error): gathering.put(position, .failure(error))
                    }
                }
            }
        }
    }

    /// The scores, in the order of `requests`; all are checked before the first is computed.
    ///
    /// Equal contexts are computed once for all their continuations. Throws `CancellationError` where the task or
    /// origin is cancelled.
    public func score(_ requests: [ScoreRequest], for origin: Origin = Origin()) async throws -> [SequenceScore] {
        let groups = try ScoreGroup.groups(requests, for: model, limit: options.continuations)
        let gathering = Gathering<SequenceScore>(count: requests.count)
        let origin = origin.also(over: { gathering.isOver })
        return try await gather(gathering) {
            groups.map { group in
                .score(group.context, group.continuations, origin) { gathering.put(group.members[$0], $1) }
            }
        }
    }

    private func gather<Value: Sendable>(
        _ gathering: Gathering<Value>, _ submissions: () -> [Submission]
    ) async throws -> [Value] {
        guard inbox.put(submissions()) else { throw CancellationError() }
        return try await withTaskCancellationHandler {
            try await gathering.wait()
        } onCancel: {
            gathering.fail(CancellationError())
        }
    }

    /// The thread's body.
    private static func run(
        _ scheduler: BatchScheduler<Model>, _ inbox: WorkInbox<Submission>,
        _ makeText: (@Sendable () -> any TextStream)?, _ onStep: @Sendable (BatchFigures) -> Void
    ) {
        var isBusy = false
        while let submissions = inbox.take(waits: !isBusy) {
            for submission in submissions { add(submission, to: scheduler, makeText) }
            isBusy = scheduler.step()
            onStep(scheduler.figures)
        }
        while scheduler.step() { onStep(scheduler.figures) }
    }

    private static func add(
        _ submission: Submission, to scheduler: BatchScheduler<Model>, _ makeText: (@Sendable () -> any TextStream)?
    ) {
        switch submission {
        case .generate(let request, let origin, let deliver):
            do {
                try scheduler.add(
                    GenerationWork(request, for: scheduler.model, text: makeText?(), origin: origin, deliver: deliver))
            } catch {
                deliver(.failed(error))
            }
        case .score(let context, let continuations, let origin, let deliver):
            do {
                try scheduler.add(
                    ScoreWork(context: context, continuations: continuations, origin: origin, deliver: deliver))
            } catch {
                for index in continuations.indices { deliver(index, .failure(error)) }
            }
        }
    }
}

extension RequestOrigin {
    /// The same, and cancelled where `isOver` says so too.
    fileprivate func also(over isOver: @escaping @Sendable () -> Bool) -> RequestOrigin {
        var origin = self
        let isCancelled = isCancelled
        origin.isCancelled = { isCancelled() || isOver() }
        return origin
    }
}
