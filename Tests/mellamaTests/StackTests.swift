// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Testing

@testable import mellama

@Suite("A stack knows its programs, its folder and its note")
struct StackTests {
    static func stack(_ folder: String) -> Stack {
        Stack(
            state: StateFolder(given: folder, environment: [:]), programs: "/programs",
            redisProgram: "/usr/bin/redis-server", port: 4711, dataRoots: ["/data/a", "/data/b"],
            workers: [("tokenizer", 1), ("inference", 3)], environment: ["PATH": "/bin", "MELLAMA_REDIS_URL": "wrong"],
            socket: "\(folder)/redis.sock", adminPorts: [9001, 9002, 9003, 9004])
    }

    @Test("Redis listens on a socket only, keeps every write, and forgets nothing")
    func redis() {
        let command = Self.stack("/s").redisDefinition.command
        func value(_ flag: String) -> String? {
            command.firstIndex(of: flag).map { command[command.index(after: $0)] }
        }
        #expect(value("--port") == "0")
        #expect(value("--unixsocket") == "/s/redis.sock")
        #expect(value("--appendonly") == "yes")
        #expect(value("--maxmemory-policy") == "noeviction")
        #expect(value("--dir") == "/s/redis")
    }

    @Test("Services get the stack's settings over whatever the shell had, and names of their own")
    func services() throws {
        let definitions = Self.stack("/s").serviceDefinitions
        #expect(definitions.map(\.name) == ["gateway", "tokenizer", "inference-1", "inference-2", "inference-3"])
        #expect(Set(definitions.map(\.log)).count == 5)
        for definition in definitions {
            #expect(definition.environment["MELLAMA_REDIS_URL"] == "unix:///s/redis.sock")
            #expect(definition.environment["MELLAMA_DATA_ROOTS"] == "/data/a:/data/b")
            #expect(definition.environment["MELLAMA_ARTIFACTS"] == "/s/artifacts")
        }
        // The gateway has health and metrics at its own port.
        #expect(definitions.map { $0.environment["MELLAMA_ADMIN_PORT"] } == ["0", "9001", "9002", "9003", "9004"])
        #expect(
            Self.stack("/s").adminPortsByName
                == ["tokenizer": 9001, "inference-1": 9002, "inference-2": 9003, "inference-3": 9004])
        let gateway = try #require(definitions.first)
        #expect(
            gateway.command == [
                "/programs/gateway", "serve", "--host", "127.0.0.1", "--port", "4711", "--journal", "/s/journal",
            ])
    }

    @Test("With a journal Redis syncs every second; without one, every write")
    func journal() {
        var stack = Self.stack("/s")
        #expect(stack.redisDefinition.command.contains("everysec"))
        stack.isJournalled = false
        #expect(stack.redisDefinition.command.contains("always"))
        #expect(stack.serviceDefinitions[0].command.last == "--no-journal")
    }

    @Test("A missing program is named before anything is started")
    func missing() {
        #expect { try Self.stack("/s").check() } throws: { "\($0)".hasPrefix("/programs/gateway: is not there") }
    }

    @Test("The state folder is what was given, else the environment's, else the user's")
    func stateFolder() {
        let environment = ["MELLAMA_STATE": "/m", "XDG_STATE_HOME": "/x", "HOME": "/h"]
        #expect(StateFolder(given: "/g", environment: environment).path == "/g")
        #expect(StateFolder(given: nil, environment: environment).path == "/m")
        #expect(StateFolder(given: nil, environment: ["XDG_STATE_HOME": "/x", "HOME": "/h"]).path == "/x/mellama")
        #expect(StateFolder(given: nil, environment: ["HOME": "/h"]).path == "/h/.local/state/mellama")
    }

    @Test("A long folder gets a short socket that is this user's alone")
    func socket() throws {
        let long = StateFolder(given: "/" + String(repeating: "x", count: 120), environment: [:])
        let path = try long.redisSocket()
        #expect(path.utf8.count < 100)
        #expect(try long.redisSocket() == path)
        var status = stat()
        #expect(stat(LocalPath.parent(of: path), &status) == 0)
        #expect(status.st_mode & 0o777 == 0o700)
        rmdir(LocalPath.parent(of: path))
        #expect(try StateFolder(given: "/short", environment: [:]).redisSocket() == "/short/redis.sock")
    }

    @Test("A note is found while its process lives, and no longer")
    func note() throws {
        try LocalFileTests.withFolder { path in
            let folder = StateFolder(given: path, environment: [:])
            #expect(StackNote.read(folder) == nil)
            var note = StackNote(
                pid: getpid(), url: "http://127.0.0.1:1", port: 1, children: ["gateway": 7], adminPorts: ["trainer": 2],
                dataRoots: ["/d"])
            try note.write(to: folder)
            #expect(StackNote.read(folder) == note)
            let process = try ChildProcess.start(["/bin/true"], environment: [:], log: "\(path)/log")
            var status: Int32 = 0
            waitpid(process, &status, 0)
            note.pid = process
            try note.write(to: folder)
            #expect(StackNote.read(folder) == nil)
            try LocalFileTests.write(folder.noteFile, "{\"pid\": ")
            #expect(StackNote.read(folder) == nil)
        }
    }

    @Test("One stack holds the lock at a time")
    func lock() throws {
        try LocalFileTests.withFolder { path in
            let folder = StateFolder(given: path, environment: [:])
            let first = try #require(try folder.lock())
            #expect(try folder.lock() == nil)
            close(first)
            let second = try #require(try folder.lock())
            close(second)
        }
    }

    @Test("The last words of a log are one plain line")
    func lastWords() throws {
        try LocalFileTests.withFolder { path in
            let log = "\(path)/log"
            #expect(LogTail.lastLine(of: log) == nil)
            try LocalFileTests.write(log, String(repeating: "long line\n", count: 2000) + "the \u{1B}[31mend\n\n  \n")
            #expect(LogTail.lastLine(of: log) == "the [31mend")
        }
    }
}
