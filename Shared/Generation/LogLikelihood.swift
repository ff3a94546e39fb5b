// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Scores given continuations of given contexts for one caller, on the calling thread.
///
/// Equal contexts are computed once and their caches forked for each continuation; contexts that begin alike share that
/// part. ``BatchEngine`` does the same for many callers at once.
public struct LogLikelihood<Model: SequenceModel> {
    private let model: Model
    private let options: BatchOptions

    public init(model: Model, options: BatchOptions = BatchOptions()) {
        self.model = model
        self.options = options
    }

    /// The scores, in the order of `requests`; all are checked before the first is computed.
    public func score(_ requests: [ScoreRequest]) throws -> [SequenceScore] {
        let groups = try ScoreGroup.groups(requests, for: model, limit: options.continuations)
        var scores = [Result<SequenceScore, any Error>?](repeating: nil, count: requests.count)
        let scheduler = BatchScheduler(model: model, options: options)
        try withoutActuallyEscaping({ scores[$0] = $1 }) { put in
            for group in groups {
                try scheduler.add(
                    ScoreWork(context: group.context, continuations: group.continuations, origin: RequestOrigin()) {
                        put(group.members[$0], $1)
                    })
            }
            while scheduler.step() {}
        }
        return try scores.compactMap { try $0?.get() }
    }
}
