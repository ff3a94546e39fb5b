// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Messages

/// What one record of the journal says. The submission itself, which may be clinical text, stands beside it.
struct JournalRecord: Codable, Sendable, Hashable {
    enum Action: String, Codable, Sendable {
        /// A job or a run was submitted; the record's body is the submission.
        case job, run
        /// A person steered a job or a run.
        case cancel, retry, discard, purge
        /// Submissions whose clients were told that they are accepted, or that they are not.
        case accepted, refused
        /// The queue was seen on a server that holds all that came before.
        case server
    }

    /// Unlike that of any other record.
    var entry: UInt64
    /// Milliseconds since 1970, the gateway's clock.
    var time: Int64
    var action: Action
    var job: JobID?
    var run: RunID?
    /// The client's key, and what its body was.
    var key: JournalKey?
    /// The records that `accepted` or `refused` is about.
    var entries: [UInt64]?
    /// The server's run id.
    var server: String?

    init(entry: UInt64, time: Int64, action: Action) {
        self.entry = entry
        self.time = time
        self.action = action
    }
}

/// An idempotency key as the journal remembers it.
struct JournalKey: Codable, Sendable, Hashable {
    var tenant: String
    var key: String
    /// Tells two bodies apart without keeping them: FNV-1a (64 bits) and length of the canonical JSON.
    var body: String

    init(tenant: String, key: String, canonical bytes: some Collection<UInt8>) {
        self.tenant = tenant
        self.key = key
        let hash = bytes.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        body = "\(String(hash, radix: 16))-\(bytes.count)"
    }
}
