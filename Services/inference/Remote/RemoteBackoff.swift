// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Whether a refused request to a remote model is sent again, and when: on 429 and 5xx, after what the endpoint says or
/// a time that doubles, with full jitter.
struct RemoteBackoff {
    /// Requests in all.
    static let attempts = 6
    /// The longest pause that an endpoint may ask for: beyond it the job is retried by the queue.
    static let longest: Duration = .seconds(60)
    private static let base: Duration = .milliseconds(500)

    static func isRetried(_ status: Int) -> Bool { status == 408 || status == 409 || status == 429 || status >= 500 }

    /// The pause after the given number of attempts; nil to give up.
    static func pause(
        after attempt: Int, retryAfter: String?, jitter: Double = .random(in: 0...1)
    ) -> Duration? {
        guard attempt < attempts else { return nil }
        if let seconds = retryAfter.flatMap({ Double($0) }), seconds >= 0 {
            let time = Duration.seconds(seconds)
            return time <= longest ? time : nil
        }
        return min(longest, base * (1 << min(attempt - 1, 10))) * jitter
    }
}
