// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// A job as a client submits it: its message, and when and how soon it is to run.
struct SubmittedJob: Codable, Sendable {
    var kind: JobKind
    var version: Int?
    var payload: JSONValue
    /// From -1000 to 1000; each step is a head start of a minute.
    var priority: Int?
    /// Milliseconds since 1970: later than this it is not to be finished.
    var deadline: Int64?
    /// Milliseconds since 1970: earlier than this it is not to be started.
    var notBefore: Int64?

    var message: JobMessage { JobMessage(kind: kind, version: version ?? JobMessage.version, payload: payload) }

    /// Checks the message, and that the times make sense.
    func validate() throws {
        try message.validate()
        if let priority, !(-1000...1000).contains(priority) {
            throw Problem.invalid("invalid-value", "priority is a whole number from -1000 to 1000", field: "priority")
        }
        for (name, time) in [("deadline", deadline), ("notBefore", notBefore)] {
            // From 2001 on, and within what a double holds exactly: seconds are the usual mistake.
            guard let time, !(1_000_000_000_000...9_000_000_000_000_000).contains(time) else { continue }
            throw Problem.invalid(
                "invalid-value", "\(name) is a time in milliseconds since 1970, such as 1767225600000", field: name)
        }
        if let deadline, let notBefore, deadline <= notBefore {
            throw Problem.invalid("invalid-value", "deadline: is not later than notBefore", field: "deadline")
        }
    }
}
