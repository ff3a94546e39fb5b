// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension RedisServerFacts {
    /// Something about a server that a queue's owner should know.
    public struct Finding: Sendable, Hashable {
        /// How bad it is.
        public enum Severity: Sendable, Hashable {
            /// Jobs would be forgotten without any fault.
            case unsafe
            /// A fault would do more harm than it need.
            case warning
            /// It could not be looked at.
            case unchecked
        }

        /// How bad it is.
        public var severity: Severity
        /// What is set, what follows, how to mend it; one clause.
        public var text: String
    }

    /// What speaks against keeping a queue in this server.
    public var findings: [Finding] {
        var findings: [Finding] = []
        func add(_ severity: Finding.Severity, _ text: String) {
            findings.append(Finding(severity: severity, text: text))
        }
        reviewVersion(add)
        reviewMemory(add)
        reviewAppendOnlyFile(add)
        reviewSnapshots(add)
        if settings == nil {
            add(
                .unchecked,
                "the user may not run CONFIG GET, so appendfsync, aof-load-truncated and save were not looked at; "
                    + "+config|get allows it")
        }
        if information == nil {
            add(
                .unchecked,
                "the user may not run INFO, so what Redis says of its last writes was not looked at; +info allows it")
        }
        return findings
    }

    private typealias Add = (Finding.Severity, String) -> Void

    private func reviewVersion(_ add: Add) {
        guard let version = information?["redis_version"], let major = version.split(separator: ".").first,
            let number = Int(major), number < 7
        else { return }
        add(.unsafe, "Redis \(version) is older than 7.0, which the queue's scripts need; run a newer one")
    }

    private func reviewMemory(_ add: Add) {
        switch settings?["maxmemory-policy"] ?? information?["maxmemory_policy"] {
        case "noeviction": break
        case let policy?:
            add(
                .unsafe,
                "maxmemory-policy is \(policy), so that a full Redis drops jobs; "
                    + "set maxmemory-policy noeviction (CONFIG SET, and in its file)")
        case nil: add(.unchecked, "maxmemory-policy could not be read; it must be noeviction")
        }
        if (settings?["maxmemory"] ?? information?["maxmemory"]) == "0" {
            add(
                .warning,
                "maxmemory is not set, so that a full machine ends Redis instead of Redis refusing jobs; "
                    + "set it below the machine's memory")
        }
    }

    private func reviewAppendOnlyFile(_ add: Add) {
        switch settings?["appendonly"].map({ $0 == "yes" }) ?? information?["aof_enabled"].map({ $0 == "1" }) {
        case true?: break
        // Turned on in the file alone, the next start would find an empty append-only file and load that.
        case false?:
            add(
                .unsafe,
                "appendonly is no, so that a restart of Redis forgets jobs; "
                    + "run CONFIG SET appendonly yes first, then write it into its file")
        case nil: add(.unchecked, "appendonly could not be read; it must be yes")
        }
        if settings?["appendfsync"] == "no" {
            add(
                .warning,
                "appendfsync is no, so that a power loss takes half a minute of jobs; set it to always or everysec")
        }
        if settings?["aof-load-truncated"] == "no" {
            add(
                .warning,
                "aof-load-truncated is no, so that Redis does not start again after a crash in the middle of a write; "
                    + "set it to yes")
        }
        for (field, what) in [("aof_last_write_status", "write to"), ("aof_last_bgrewrite_status", "rewrite of")] {
            guard let status = information?[field], status != "ok" else { continue }
            add(.warning, "the last \(what) the append-only file failed (\(field)); look at Redis's disk and log")
        }
    }

    private func reviewSnapshots(_ add: Add) {
        guard let save = settings?["save"], !save.isEmpty, settings?["stop-writes-on-bgsave-error"] == "yes" else {
            return
        }
        add(
            .warning,
            "save is \"\(save)\" and stop-writes-on-bgsave-error is yes, so that one failed snapshot stops the queue; "
                + "set save \"\", as the append-only file is what counts")
    }
}
