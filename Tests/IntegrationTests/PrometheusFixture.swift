// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// The real Prometheus for one test, on a port of its own; killed when the body has returned or thrown.
enum PrometheusFixture {
    /// Runs the body with a client of the server; another port is tried where somebody was faster to take ours.
    static func with<Value: Sendable>(
        configuration: String, folder: String, _ body: (StackClient) async throws -> Value
    ) async throws -> Value {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try configuration.write(toFile: "\(folder)/prometheus.yaml", atomically: true, encoding: .utf8)
        var attempt = 1
        while true {
            let port = try LoopbackPort.free()
            let server = try ChildProgram(
                [
                    "/usr/bin/prometheus", "--config.file=\(folder)/prometheus.yaml",
                    "--storage.tsdb.path=\(folder)/data", "--web.listen-address=127.0.0.1:\(port)",
                ], environment: ["PATH": "/usr/bin:/bin"], log: "\(folder)/log")
            let guardian = try ProcessGuardian(of: server.pid, folder: "\(folder)/data")
            defer {
                server.end()
                guardian.dismiss()
            }
            let client = StackClient(url: "http://127.0.0.1:\(port)")
            if try await answers(server, client, folder: folder) { return try await body(client) }
            guard attempt < 5 else {
                let said = (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? ""
                throw StackError("prometheus did not start on any of \(attempt) ports: \(said.suffix(2_000))")
            }
            attempt += 1
        }
    }

    /// Whether it is this server, known by its folder, that answers at its port; false once it has ended.
    private static func answers(_ server: ChildProgram, _ client: StackClient, folder: String) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while server.isRunning, ContinuousClock.now < deadline {
            if let answer = try? await client.get("/api/v1/status/flags"),
                String(decoding: answer.body, as: UTF8.self).contains("\"\(folder)/data\""),
                let ready = try? await client.get("/-/ready"), ready.status == 200
            {
                return true
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        return false
    }
}
