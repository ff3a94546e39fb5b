// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Jobs
import Messages

/// What the queue has forgotten is told from the archive.
extension Gateway {
    /// A job or a run, and its manifest where the queue has it no more.
    struct Found<Value: Sendable>: Sendable {
        var value: Value
        var manifest: RunManifest?
    }

    func find(_ id: JobID) async throws -> Found<JobSnapshot>? {
        if let job = try await broker.job(id) { return Found(value: job) }
        guard let manifest = try await archive.manifest(RunManifest.id(of: id)),
            let job = manifest.jobs.first(where: { $0.id == id })
        else { return nil }
        return Found(value: job, manifest: manifest)
    }

    func find(_ id: RunID) async throws -> Found<RunSnapshot>? {
        if let run = try await broker.run(id) { return Found(value: run) }
        guard let manifest = try await archive.manifest(id.rawValue), let run = manifest.run else { return nil }
        return Found(value: run, manifest: manifest)
    }

    /// Archived jobs that the queue has no more, the newest first, after the id of a run or job (nil: from the start).
    func archivedJobs(_ filter: JobFilter, after id: String?, for principal: Principal) async throws -> JobPage {
        var page = JobPage(jobs: [])
        let ids: [String]
        if let run = filter.run {
            ids = [run.rawValue]
        } else {
            ids = try await archive.list(after: id, limit: limits.archiveScan)
        }
        for id in ids {
            guard let manifest = try await archive.manifest(id) else { continue }
            let matching = manifest.jobs.filter { job in
                principal.sees(tenant: job.tenant) && (filter.state.map { $0 == job.state } ?? true)
                    && (filter.kind.map { $0 == job.kind } ?? true)
            }
            guard let first = matching.first, try await broker.job(first.id) == nil else { continue }
            page.jobs += matching.map { job in
                var job = job
                job.result = nil
                return job
            }
            // A run is not split between pages.
            if page.jobs.count >= filter.limit {
                page.next = filter.run == nil ? id : nil
                return page
            }
        }
        page.next = filter.run == nil && ids.count == limits.archiveScan ? ids.last : nil
        return page
    }

    /// Archived runs that the queue has no more, the newest first.
    func archivedRuns(limit: Int, for principal: Principal) async throws -> [RunSnapshot] {
        var runs: [RunSnapshot] = []
        guard limit > 0 else { return runs }
        for id in try await archive.list(after: nil, limit: limits.archiveScan) {
            guard let run = try await archive.manifest(id)?.run, principal.sees(tenant: run.tenant),
                try await broker.run(run.id) == nil
            else { continue }
            runs.append(run)
            if runs.count == limit { break }
        }
        return runs
    }
}
