// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Starts a thread of the engine's own: its steps are long, and would hold a thread of the cooperative pool.
enum EngineThread {
    /// Carries the closure to the thread, and nothing else.
    private final class Start {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    static func start(_ body: @escaping @Sendable () -> Void) throws {
        var thread = pthread_t()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 16 << 20)
        let start = Unmanaged.passRetained(Start(body))
        let status = pthread_create(
            &thread, &attributes,
            { raw in
                guard let raw else { return nil }
                Unmanaged<Start>.fromOpaque(raw).takeRetainedValue().body()
                return nil
            }, start.toOpaque())
        guard status == 0 else {
            start.release()
            throw GenerationError(
                .noThread, "engine", "has no thread, the system's limit is reached", remedy: "raise it (ulimit -u)")
        }
    }
}
