// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// Completions that go to the server in one call.
struct CompletionBatch {
    /// Beyond this many bytes of results another call is made: the server does nothing else while it reads one.
    static let maximumBytes = 1 << 20
    /// The same for the number of jobs.
    static let maximumCount = 100

    /// Which of the caller's completions are in it.
    private(set) var entries: [(index: Int, job: JobID)] = []
    private var texts: [String] = []
    private var bytes = 0

    var isEmpty: Bool { entries.isEmpty }

    /// Whether a further result must wait for the next call.
    func isFull(before text: String) -> Bool {
        !isEmpty && (entries.count == Self.maximumCount || bytes + text.utf8.count > Self.maximumBytes)
    }

    mutating func append(_ index: Int, _ completion: Completion, _ text: String) {
        entries.append((index, completion.job))
        texts += [completion.job.rawValue, completion.fence.description, text]
        bytes += text.utf8.count
    }

    /// The script's arguments.
    var arguments: [String] { [String(entries.count)] + texts }
}
