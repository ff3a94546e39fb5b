// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora
import Messages
import ServiceRuntime

extension BuildControl {
    /// Tells a build's progress to the job, and the job's stop to the build.
    init(_ context: JobContext) {
        self.init(
            progress: { context.report(JobProgress(phase: $0.phase, step: $0.done, total: $0.total)) },
            isCancelled: { context.stopReason != nil })
    }
}

extension DroppedCount {
    init(_ dropped: DroppedDocuments) {
        self.init(source: dropped.source, reason: dropped.reason.rawValue, documents: dropped.count)
    }
}
