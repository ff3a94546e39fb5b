// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Bounds on what one request may take, and how often streams look for news.
struct Limits: Sendable {
    /// A JSON or YAML body, in bytes.
    var documentBytes = 16 << 20
    /// Jobs of one request.
    var bulkJobs = 1000
    /// One uploaded file, in bytes.
    var uploadBytes = 64 << 30
    /// Files of one folder.
    var folderFiles = 10_000
    /// How long an event stream waits for news at a time.
    var eventWait: Duration = .milliseconds(500)
    /// Silence after which an event stream says that it is alive.
    var heartbeatInterval: Duration = .seconds(15)
    /// How often an event stream checks that its job is still there, beyond what events tell.
    var checkInterval: Duration = .seconds(2)
    /// Manifests of the archive that one request for a list looks at.
    var archiveScan = 1000
    /// Requests whose clients wait for answers, at once.
    var openAnswers = 1024
    /// How long a client waits for an answer at most; its job's deadline. What OpenAI's own clients wait.
    var answerTimeout: Duration = .seconds(600)
    /// The head start of a request whose client waits, in minutes of the queue's order.
    var answerPriority = 10
    /// Artifacts that one list of models looks at.
    var modelScan = 1000
    /// Events in one page.
    var eventPage = 500
}
