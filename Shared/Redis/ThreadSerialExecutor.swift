// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Runs an actor's jobs on one blocking thread.
final class ThreadSerialExecutor: SerialExecutor {
    private let thread: BlockingThread

    init(name: String) { thread = BlockingThread(name: name) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        // Keeping `self` in the closure keeps the executor alive while the last job of its actor runs.
        thread.perform { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
