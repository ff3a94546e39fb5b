// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Generation
import Metrics
import Synchronization

/// What the engines of a worker count, under the names of docs/telemetry.md: numbers only.
final class InferenceMetrics: Sendable {
    private let waiting = Meter(label: "mellama_inference_waiting_requests")
    private let active = Meter(label: "mellama_inference_active_requests")
    private let prefill = Counter(label: "mellama_inference_tokens_total", dimensions: [("phase", "prefill")])
    private let decode = Counter(label: "mellama_inference_tokens_total", dimensions: [("phase", "decode")])
    private let prompt = Counter(label: "mellama_inference_prompt_tokens_total")
    private let kept = Counter(label: "mellama_inference_kept_prompt_tokens_total")
    private let steps = Timer(label: "mellama_inference_step_seconds")
    private let reservedPages = Meter(label: "mellama_inference_pages", dimensions: [("use", "reserved")])
    private let keptPages = Meter(label: "mellama_inference_pages", dimensions: [("use", "kept")])
    private let allPages = Meter(label: "mellama_inference_pages", dimensions: [("use", "all")])
    private let weights = Meter(label: "mellama_inference_model_bytes")
    /// The last figures of each engine.
    private let engines = Mutex<[Int: BatchFigures]>([:])

    /// Notes the bytes of all models and adapters in memory.
    func loaded(bytes: Int) { weights.set(bytes) }

    /// What a new engine calls after each step.
    func watch() -> @Sendable (BatchFigures) -> Void {
        let watch = EngineWatch(self)
        return { watch.note($0) }
    }

    fileprivate func begin() -> Int {
        engines.withLock { engines in
            let number = (engines.keys.max() ?? 0) + 1
            engines[number] = BatchFigures()
            return number
        }
    }

    fileprivate func end(_ engine: Int) {
        set(
            engines.withLock { engines in
                engines[engine] = nil
                return Array(engines.values)
            })
    }

    fileprivate func note(_ figures: BatchFigures, of engine: Int) {
        prefill.increment(by: figures.prefillTokens)
        decode.increment(by: figures.decodeTokens)
        prompt.increment(by: figures.promptTokens)
        kept.increment(by: figures.keptTokens)
        if figures.prefillTokens + figures.decodeTokens > 0 {
            steps.recordNanoseconds(Int64(figures.duration / .nanoseconds(1)))
        }
        set(
            engines.withLock { engines in
                engines[engine] = figures
                return Array(engines.values)
            })
    }

    private func set(_ all: [BatchFigures]) {
        waiting.set(all.reduce(0) { $0 + $1.waiting })
        active.set(all.reduce(0) { $0 + $1.active })
        reservedPages.set(all.reduce(0) { $0 + $1.reservedPages })
        keptPages.set(all.reduce(0) { $0 + $1.keptPages })
        allPages.set(all.reduce(0) { $0 + $1.totalPages })
    }
}

/// One engine's share of the figures; it ends with the engine.
private final class EngineWatch: Sendable {
    private let metrics: InferenceMetrics
    private let number: Int

    init(_ metrics: InferenceMetrics) {
        self.metrics = metrics
        number = metrics.begin()
    }

    deinit { metrics.end(number) }

    func note(_ figures: BatchFigures) { metrics.note(figures, of: number) }
}
