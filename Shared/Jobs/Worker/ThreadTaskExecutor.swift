// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Redis

/// Runs tasks on one thread of their own, timers included, whatever holds the cooperative pool.
final class ThreadTaskExecutor: TaskExecutor {
    private let thread: BlockingThread

    init(name: String) { thread = BlockingThread(name: name) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        thread.perform { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// Suspends for a time that the thread measures, or until the task is cancelled.
    func sleep(for time: Duration) async {
        let alarm = Alarm()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                alarm.set(continuation)
                thread.perform(after: time) { alarm.ring() }
            }
        } onCancel: {
            alarm.ring()
        }
    }
}
