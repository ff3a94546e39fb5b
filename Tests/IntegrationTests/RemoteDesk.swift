// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import TestSupport

/// `inference run` and `evaluator run` with models behind an endpoint that does what endpoints do on bad days.
struct RemoteDesk {
    let folder: String
    let port: UInt16
    private let server: ChildProgram

    static func with(_ body: (RemoteDesk) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "remote-\(UUID().uuidString.prefix(8))")
            .path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let desk = try RemoteDesk(folder: folder, port: LoopbackPort.free())
        defer { desk.server.end() }
        try await eventually(within: .seconds(30)) {
            (try? await StackClient(url: "http://127.0.0.1:\(desk.port)").get("/")) != nil
        }
        try await body(desk)
    }

    private init(folder: String, port: UInt16) throws {
        self.folder = folder
        self.port = port
        let script = StackFixture.repository.appending(path: "Tests/OpenAIClient/misbehaving.py").path
        server = try ChildProgram(
            ["/usr/bin/env", "python3", script, "\(port)", "\(folder)/requests.log"],
            environment: ProcessInfo.processInfo.environment, log: "\(folder)/server.log")
        let names = ["busy", "broken", "strict", "telling", "silent", "garbled", "elsewhere", "choosing"]
        let models = names.map { name in
            "  \(name): {remote: {url: \"http://127.0.0.1:\(port)/v1\", model: \(name), keyVariable: REMOTE_KEY, "
                + "requestsPerMinute: 6000, promptPrice: 0.5, completionPrice: 2"
                + (name == "choosing" ? ", choicesBy: guided_choice" : "") + "}}\n"
        }
        try ("models:\n" + models.joined()).write(toFile: "\(folder)/models.yaml", atomically: true, encoding: .utf8)
    }

    /// What the endpoint was asked: model, status and key of each request.
    var requests: [String] {
        let text = (try? String(contentsOfFile: "\(folder)/requests.log", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    func run(_ kind: JobKind, _ model: String, _ payload: [String: JSONValue]) async throws -> JobResult {
        var payload = payload
        payload["model"] = .string("remote:\(model)")
        let message = JobMessage(kind: kind, payload: .object(payload))
        try MessageEncoder.encode(message).write(to: URL(filePath: "\(folder)/job.json"))
        let environment = [
            "MELLAMA_MODELS_FILE": "\(folder)/models.yaml", "REMOTE_KEY": "sesame",
            "MELLAMA_ARTIFACTS": "\(folder)/store",
        ]
        let command = [
            "\(StackProcess.programs)/\(kind.rawValue.hasPrefix("infer") ? "inference" : "evaluator")", "run",
            "\(folder)/job.json", "--out", "\(folder)/out.json",
        ]
        _ = try await CommandRun.run(command, folder: folder, environment: environment, within: .seconds(120))
        let bytes = try Data(contentsOf: URL(filePath: "\(folder)/out.json"))
        return try MessageDecoder(policy: .lenient).decode(JobResult.self, from: MessageDecoder.parse(bytes))
    }
}
