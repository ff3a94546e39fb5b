// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// A worker process, unique for its life: `<host>-<pid>-<random>`.
public struct WorkerID: Identifier {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
}
