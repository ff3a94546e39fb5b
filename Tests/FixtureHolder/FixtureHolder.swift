// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport

/// Holds a redis-server as a test does, and says where, until somebody ends it.
@main
enum FixtureHolder {
    static func main() async throws {
        try await RedisFixture.with { @Sendable redis in
            let line = "\(redis.port) \(redis.folder)\n"
            _ = write(1, line, line.utf8.count)
            try await Task.sleep(for: .seconds(600))
        }
    }
}
