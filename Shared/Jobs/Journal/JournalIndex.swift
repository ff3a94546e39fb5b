// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// What a gateway keeps in memory of its journal: the idempotency keys in it, and when it last saw the server.
///
/// A key that the queue has lost, with its last second, is still known here: the same key is the same id, and another
/// body a conflict, also before the submission is replayed.
struct JournalIndex: Sendable {
    /// What a key means here.
    enum Claim: Hashable {
        case new
        /// The id under which the same body was submitted.
        case known(String)
        /// Another body was submitted under this id.
        case conflict(String)
    }

    private struct Name: Hashable {
        var action: JournalRecord.Action
        var tenant: String
        var key: String
    }

    private struct Known {
        var id: String
        var body: String
        /// The records that stand for it and were not refused.
        var entries: Set<UInt64>
        var time: Int64
    }

    /// The run id of the server that was last known to hold all before it.
    private(set) var server: String?
    /// When that was, ms; nil where nothing says.
    private(set) var contact: Int64?

    private var keys: [Name: Known] = [:]
    private var names: [UInt64: Name] = [:]

    /// What the key of a submission means; where it is not a conflict, the record stands for it from now on.
    mutating func claim(_ record: JournalRecord) -> Claim {
        guard let key = record.key, let id = record.job?.rawValue ?? record.run?.rawValue else { return .new }
        let name = Name(action: record.action, tenant: key.tenant, key: key.key)
        guard let known = keys[name] else {
            keys[name] = Known(id: id, body: key.body, entries: [record.entry], time: record.time)
            names[record.entry] = name
            return .new
        }
        guard known.body == key.body else { return .conflict(known.id) }
        keys[name]?.entries.insert(record.entry)
        names[record.entry] = name
        return .known(known.id)
    }

    /// Follows a record of the journal.
    mutating func take(_ record: JournalRecord) {
        switch record.action {
        case .job, .run: _ = claim(record)
        case .refused: for entry in record.entries ?? [] { forget(entry) }
        case .discard, .purge: forget(record.job?.rawValue ?? record.run?.rawValue ?? "")
        case .accepted: contact = max(contact ?? 0, record.time)
        case .server:
            server = record.server
            contact = max(contact ?? 0, record.time)
        case .cancel, .retry: break
        }
    }

    /// The record stands for its key no more.
    mutating func forget(_ entry: UInt64) {
        guard let name = names.removeValue(forKey: entry) else { return }
        keys[name]?.entries.remove(entry)
        if keys[name]?.entries.isEmpty == true { keys[name] = nil }
    }

    /// The keys of this job or run are free again.
    mutating func forget(_ id: String) {
        for (name, known) in keys where known.id == id {
            for entry in known.entries { names[entry] = nil }
            keys[name] = nil
        }
    }

    /// Forgets keys that the journal has dropped.
    mutating func prune(before time: Int64) {
        for (name, known) in keys where known.time < time {
            for entry in known.entries { names[entry] = nil }
            keys[name] = nil
        }
    }
}
