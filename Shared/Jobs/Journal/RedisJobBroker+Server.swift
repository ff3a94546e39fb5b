// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Redis

extension RedisJobBroker {
    /// The server's run id, another one after each start of it: asked anew, on a connection that answers.
    public func serverRunID() async throws(JobError) -> String {
        let found: String?
        do {
            found = try await pool.withConnection { connection in
                _ = try await connection.send(RedisCommand("PING"))
                return connection.serverRunID
            }
        } catch {
            throw JobError(error, operation: "ask the server")
        }
        guard let found else { throw .unexpectedReply("ask the server") }
        return found
    }
}
