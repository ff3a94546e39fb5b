// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle

/// Sets the flag when the process begins to stop.
struct ShutdownWatch: Service {
    let flag: ShutdownFlag

    func run() async throws {
        try await gracefulShutdown()
        flag.set()
    }
}
