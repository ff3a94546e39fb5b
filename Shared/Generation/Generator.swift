// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Continues several prompts for one caller, on the calling thread; ``BatchEngine`` does the same for many at once.
public struct Generator<Model: SequenceModel> {
    private let model: Model
    private let options: BatchOptions
    private let makeText: (() -> any TextStream)?

    /// - Parameter makeText: a fresh decoder for an answer; without it results have no text and stop strings are
    ///   refused.
    public init(model: Model, options: BatchOptions = BatchOptions(), makeText: (() -> any TextStream)? = nil) {
        self.model = model
        self.options = options
        self.makeText = makeText
    }

    /// The answers, in the order of `requests`; all are checked before the first is computed.
    ///
    /// `onEvent` hears each answer's events with its position.
    public func run(
        _ requests: [GenerationRequest], onEvent: (Int, GenerationEvent) -> Void = { _, _ in }
    ) throws -> [GenerationResult] {
        try GenerationRequest.validate(requests, for: model, canDecode: makeText != nil)
        var results = [Result<GenerationResult, any Error>?](repeating: nil, count: requests.count)
        let scheduler = BatchScheduler(model: model, options: options)
        try withoutActuallyEscaping({ (position: Int, event: GenerationEvent) in
            onEvent(position, event)
            switch event {
            case .part: break
            case .finished(let result): results[position] = .success(result)
            case .failed(let error): results[position] = .failure(error)
            }
        }) { hear in
            for (position, request) in requests.enumerated() {
                try scheduler.add(
                    GenerationWork(request, for: model, text: makeText?(), origin: RequestOrigin()) {
                        hear(position, $0)
                    })
            }
            while scheduler.step() {}
        }
        return try results.compactMap { try $0?.get() }
    }
}
