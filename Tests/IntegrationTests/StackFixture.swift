// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Messages
import TestSupport

/// A whole stack for one test: `mellama up` with a state folder of its own, real executables and a real Redis.
///
/// Use it as a scope; the stack is stopped and its folder removed whether the body returns or throws, and by a guardian
/// process where the tests themselves are killed:
///
///     try await StackFixture.with { stack in … }
struct StackFixture: Sendable {
    /// The recipes that the repository carries, which is also the folder of the data they name.
    static let recipes = repository.appending(path: "docs/recipes").path
    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// A folder of the test's own, gone with the stack.
    let folder: String
    let gateway: StackClient

    /// What `mellama up` keeps: queue, artifacts, logs.
    var state: String { "\(folder)/state" }
    /// A data root of the test's own.
    var data: String { "\(folder)/data" }
    var artifacts: String { "\(state)/artifacts" }
    var redisSocket: String { "\(state)/redis.sock" }

    /// Runs the body with a fresh stack.
    /// - Parameters:
    ///   - inference: how many inference workers.
    ///   - dataRoots: folders beside the test's own `data`.
    ///   - prepare: fills the test's data root before anything starts.
    static func with<Value: Sendable>(
        inference: Int = 1, dataRoots: [String] = [recipes], environment: [String: String] = [:],
        prepare: (String) throws -> Void = { _ in }, _ body: (StackFixture) async throws -> Value
    ) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mellama-\(UUID().uuidString.prefix(8))")
            .path
        try FileManager.default.createDirectory(atPath: "\(folder)/data", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try prepare("\(folder)/data")
        let process = try StackProcess(
            folder: folder, inference: inference, dataRoots: dataRoots + ["\(folder)/data"], environment: environment)
        do {
            let note = try await process.ready()
            let value = try await body(StackFixture(folder: folder, gateway: StackClient(url: note.url)))
            try await process.stop()
            return value
        } catch {
            try? await process.stop()
            throw error
        }
    }

    // MARK: Processes

    /// What `up.json` says now; it is written again whenever a child is started.
    var note: StackProcess.Note {
        get throws { try StackProcess.Note.read("\(state)/up.json") }
    }

    /// The process of a child that is to be running.
    func process(_ child: String) throws -> pid_t {
        guard let pid = try note.children[child] else { throw StackError("\(child) is not running") }
        return pid
    }

    /// Sends a signal to a child.
    func signal(_ child: String, _ number: Int32) throws {
        let pid = try process(child)
        guard kill(pid, number) == 0 else { throw StackError("\(child) (process \(pid)) can't be signalled") }
    }

    /// Ends a child as `kill -9` does. Returns once it has been replaced, with its old and new process.
    @discardableResult
    func killAndAwait(_ child: String) async throws -> (old: pid_t, new: pid_t) {
        let old = try process(child)
        try signal(child, SIGKILL)
        try await eventually(within: .seconds(30)) { try self.note.children[child].map { $0 != old } ?? false }
        return (old, try process(child))
    }

    // MARK: Files

    /// The text of every log, by file name.
    func logs() throws -> [String: String] {
        var logs: [String: String] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: "\(state)/logs") {
            logs[name] = String(decoding: try Data(contentsOf: URL(filePath: "\(state)/logs/\(name)")), as: UTF8.self)
        }
        logs["up"] = String(decoding: try Data(contentsOf: URL(filePath: "\(folder)/up.log")), as: UTF8.self)
        return logs
    }
}

/// A stack that does not do what the test needs of it.
struct StackError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
