// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A request that may leave this stack: of an open data set, by its type. There is no other way to make one.
public struct Shareable<Request: Sendable>: Sendable {
    public let request: Request

    init(_ request: Request, of task: some OpenBenchmarkTask) { self.request = request }
}
