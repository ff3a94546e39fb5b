// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

package import Redis

/// The transitions of the queue, one script each: what they read and write is above their text in `Scripts/`.
package enum QueueScripts {
    static let boot = script("boot", PackageResources.boot_lua)
    static let submit = script("submit", PackageResources.submit_lua)
    static let submitRun = script("submit_run", PackageResources.submit_run_lua)
    package static let claim = script("claim", PackageResources.claim_lua, after: PackageResources.claiming_lua)
    static let heartbeat = script("heartbeat", PackageResources.heartbeat_lua)
    package static let complete = script(
        "complete", PackageResources.complete_lua, after: PackageResources.claiming_lua)
    static let fail = script("fail", PackageResources.fail_lua)
    static let release = script("release", PackageResources.release_lua)
    static let confirmCancelled = script("confirm_cancelled", PackageResources.confirm_cancelled_lua)
    static let cancel = script("cancel", PackageResources.cancel_lua)
    static let cancelRun = script("cancel_run", PackageResources.cancel_run_lua)
    static let retry = script("retry", PackageResources.retry_lua)
    static let control = script("control", PackageResources.control_lua)
    static let discard = script("discard", PackageResources.discard_lua)
    static let purge = script("purge", PackageResources.purge_lua)
    static let purgeEnded = script("purge_ended", PackageResources.purge_ended_lua)
    static let check = script("check", PackageResources.check_lua)
    static let reap = script("reap", PackageResources.reap_lua)
    static let publish = script("publish", PackageResources.publish_lua)
    static let readEvents = script("read_events", PackageResources.read_events_lua)
    static let readParts = script("read_parts", PackageResources.read_parts_lua)
    static let readRun = script("read_run", PackageResources.read_run_lua)
    static let readJobs = script("read_jobs", PackageResources.read_jobs_lua)
    static let readStatistics = script("read_statistics", PackageResources.read_statistics_lua)

    /// The version of keys and fields; a process of another refuses to work on them.
    static let schema = "3"

    /// A transition with the shared prelude, and what else it shares, after its first line, which Redis reads as
    /// `#!lua flags=…`.
    private static func script(_ name: String, _ body: [UInt8], after shared: [UInt8] = []) -> RedisScript {
        let text = String(decoding: body, as: UTF8.self)
        let end = text.firstIndex(of: "\n") ?? text.endIndex
        let prelude = String(decoding: PackageResources.prelude_lua + shared, as: UTF8.self)
        return RedisScript(name: name, source: text[..<end] + "\n" + prelude + text[end...])
    }
}
