// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hummingbird
import Jobs
import Messages

extension Gateway {
    /// What the person on call sets and looks at.
    var queueRoutes: [Route] {
        [
            Route(.get, "/v1/queues", "listQueues", .scope(.read), handler: listQueues),
            Route(.get, "/v1/queues/{kind}", "getQueue", .scope(.read)) { _, context in
                try .json(await queue(kind(context)))
            },
            Route(.put, "/v1/queues/{kind}", "setQueue", .scope(.admin), handler: setQueue),
            Route(.post, "/v1/queues/{kind}/pause", "pauseQueue", .scope(.admin)) { _, context in
                let kind = try kind(context)
                try await broker.pause(kind)
                return try .json(await queue(kind))
            },
            Route(.post, "/v1/queues/{kind}/resume", "resumeQueue", .scope(.admin)) { _, context in
                let kind = try kind(context)
                try await broker.resume(kind)
                return try .json(await queue(kind))
            },
            Route(.post, "/v1/purge", "purgeEnded", .scope(.admin), handler: purgeEnded),
            Route(.post, "/v1/check", "checkQueue", .scope(.admin), handler: checkQueue),
        ]
    }

    /// A queue as it is and as it is set.
    struct QueueAnswer: Codable, Sendable {
        var kind: JobKind
        var control: QueueControl
        /// Jobs now, by state: those that have not ended, and the dead.
        var depth: [String: Int]
        var oldestReadySeconds: Double?
        /// Counters since Redis was created.
        var counters: [String: Int]
    }

    struct QueuePageAnswer: Codable, Sendable {
        var queues: [QueueAnswer]
    }

    private func kind(_ context: GatewayContext) throws -> JobKind {
        let kind = JobKind(try context.parameters.require("kind"))
        guard JobKind.payloadTypes[kind] != nil else {
            throw Problem.notFound(
                "no such queue" + NearestName.hint(for: kind.rawValue, among: JobKind.payloadTypes.keys.map(\.rawValue))
            )
        }
        return kind
    }

    private func answer(_ statistics: QueueStatistics) async throws -> QueueAnswer {
        let depth = statistics.depth.map { ($0.key.rawValue, $0.value) }
        return QueueAnswer(
            kind: statistics.kind, control: try await broker.control(statistics.kind),
            depth: Dictionary(depth, uniquingKeysWith: { first, _ in first }),
            oldestReadySeconds: statistics.oldestReady.map { $0 / .seconds(1) }, counters: statistics.counters)
    }

    private func queue(_ kind: JobKind) async throws -> QueueAnswer {
        guard let statistics = try await broker.statistics(kinds: [kind]).first else { throw Problem.internalError }
        return try await answer(statistics)
    }

    @Sendable private func listQueues(_ request: Request, _ context: GatewayContext) async throws -> Response {
        _ = try Query(request, known: [])
        var queues: [QueueAnswer] = []
        for statistics in try await broker.statistics(kinds: JobKind.payloadTypes.keys.sorted()) {
            queues.append(try await answer(statistics))
        }
        return try .json(QueuePageAnswer(queues: queues))
    }

    /// The limits of a queue; one that is left out does not limit.
    private struct Limiting: Codable, Sendable {
        var isPaused: Bool?
        var maximumDepth: Int?
        var maximumRunning: Int?
        var tenantMaximumDepth: Int?
        var tenantMaximumRunning: Int?
    }

    @Sendable private func setQueue(_ request: Request, _ context: GatewayContext) async throws -> Response {
        _ = try Query(request, known: [])
        let kind = try kind(context)
        let document = try await RequestDocument.read(request, limits: limits)
        let wanted = try MessageDecoder(policy: .strict).decode(Limiting.self, from: document)
        let control = QueueControl(
            isPaused: try await wanted.isPaused.orElse { try await broker.control(kind).isPaused },
            maximumDepth: wanted.maximumDepth, maximumRunning: wanted.maximumRunning,
            tenantMaximumDepth: wanted.tenantMaximumDepth, tenantMaximumRunning: wanted.tenantMaximumRunning)
        guard control.isValid else {
            throw Problem.invalid(
                "invalid-value", "a limit is below zero; leave it out for no limit", field: nil)
        }
        try await broker.setControl(kind, control)
        return try .json(await queue(kind))
    }

    private struct PurgeOrder: Codable, Sendable {
        /// Milliseconds since 1970.
        var endedBefore: Int64
    }

    /// How many jobs' text was removed.
    struct PurgeAnswer: Codable, Sendable {
        var purged: Int
    }

    @Sendable private func purgeEnded(_ request: Request, _ context: GatewayContext) async throws -> Response {
        _ = try Query(request, known: [])
        let document = try await RequestDocument.read(request, limits: limits)
        let order = try MessageDecoder(policy: .strict).decode(PurgeOrder.self, from: document)
        var purged = 0
        while true {
            let count = try await broker.purgeEnded(before: order.endedBefore, limit: 500)
            purged += count
            guard count > 0 else { break }
        }
        return try .json(PurgeAnswer(purged: purged))
    }

    private struct CheckOrder: Codable, Sendable {
        var repair: Bool?
        var cursor: String?
        var limit: Int?
    }

    /// One slice; the answer's cursor leads to the next.
    @Sendable private func checkQueue(_ request: Request, _ context: GatewayContext) async throws -> Response {
        _ = try Query(request, known: [])
        let document = try await RequestDocument.read(request, limits: limits)
        let order = try MessageDecoder(policy: .strict).decode(CheckOrder.self, from: document)
        let limit = order.limit ?? 1000
        guard (1...1000).contains(limit) else {
            throw Problem.invalid("invalid-value", "limit is a whole number from 1 to 1000", field: "limit")
        }
        do {
            return try .json(
                await broker.check(repair: order.repair ?? false, cursor: order.cursor, limit: limit))
        } catch let error as JobError {
            guard error.code == .malformed, order.cursor != nil else { throw error }
            throw Problem.invalid(
                "invalid-value", "cursor: is none that this service gave; start without one", field: "cursor")
        }
    }
}

extension Optional where Wrapped: Sendable {
    /// The value, or what stands in for it.
    fileprivate func orElse(_ other: () async throws -> Wrapped) async throws -> Wrapped {
        if let value = self { value } else { try await other() }
    }
}
