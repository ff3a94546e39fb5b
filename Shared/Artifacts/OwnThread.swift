// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Runs blocking work on a thread made for it, so that it never holds a thread of the cooperative pool.
package enum OwnThread {
    /// Carries the closure to the thread, and nothing else.
    private final class Start {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Runs `body` to its end, cancelled or not, and answers what it returned or threw.
    package static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let started = detach { continuation.resume(with: Result(catching: body)) }
            if !started {
                continuation.resume(
                    throwing: ArtifactError(
                        .storage, operation: "start a thread",
                        detail: "the system's limit on threads is reached; raise it (ulimit -u) or lower concurrency"))
            }
        }
    }

    /// Runs `body` on a new thread; false where none can be had.
    package static func detach(_ body: @escaping @Sendable () -> Void) -> Bool {
        var thread = pthread_t()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // Room for deep recursion whatever `ulimit -s` says; pages are only used when touched.
        pthread_attr_setstacksize(&attributes, 16 << 20)
        let start = Unmanaged.passRetained(Start(body))
        let status = pthread_create(
            &thread, &attributes,
            { raw in
                guard let raw else { return nil }
                Unmanaged<Start>.fromOpaque(raw).takeRetainedValue().body()
                return nil
            }, start.toOpaque())
        if status != 0 { start.release() }
        return status == 0
    }
}
