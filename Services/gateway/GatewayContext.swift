// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hummingbird
import Logging
import Synchronization

/// What a request carries from the socket to its route and back into the log.
struct GatewayContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Set before the route is called.
    var principal = Principal.local
    /// Shared by all copies of the context, as the log line is written outside of where the key is read.
    let record = Record()

    init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
    }

    /// What becomes known of a request on its way.
    final class Record: Sendable {
        private struct Values {
            var requestID = ""
            var key: String?
            var trace: String?
        }

        private let values = Mutex(Values())

        var requestID: String {
            get { values.withLock { $0.requestID } }
            set { values.withLock { $0.requestID = newValue } }
        }

        /// The name of the key, once it is known.
        var key: String? {
            get { values.withLock { $0.key } }
            set { values.withLock { $0.key = newValue } }
        }

        /// The trace of what was submitted.
        var trace: String? {
            get { values.withLock { $0.trace } }
            set { values.withLock { $0.trace = newValue } }
        }
    }
}
