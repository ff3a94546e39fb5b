// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation

/// Feeds a target with seeded inputs until its time or number is over, and says how many were accepted.
///
/// By the environment:
/// - `MELLAMA_FUZZ_SECONDS`, `MELLAMA_FUZZ_INPUTS`: how long a target, how many inputs; whichever comes first. Without
///   either, 500 inputs.
/// - `MELLAMA_FUZZ_SEED`: where the sequence starts (1).
/// - `MELLAMA_FUZZ_FOLDER`: where inputs that fail are written (the system's folder for temporary files).
/// - `MELLAMA_FUZZ_INPUT`: a file to read instead, as one that was written.
public struct FuzzRun: Sendable {
    private let target: FuzzTarget
    private let seconds: Double
    private let inputs: Int
    private let seed: UInt64
    private let folder: URL
    private let replay: String?

    /// Inputs that take more of the processor than this fail: nothing of this size may.
    private static let slowest = Duration.seconds(10)
    /// Accepted inputs that are kept to make others from.
    private static let keptInputs = 2000

    public init(_ target: FuzzTarget) {
        let environment = ProcessInfo.processInfo.environment
        self.target = target
        let seconds = environment["MELLAMA_FUZZ_SECONDS"].flatMap(Double.init)
        let inputs = environment["MELLAMA_FUZZ_INPUTS"].flatMap(Int.init)
        self.seconds = seconds ?? .infinity
        self.inputs = inputs ?? (seconds == nil ? 500 : .max)
        seed = environment["MELLAMA_FUZZ_SEED"].flatMap(UInt64.init) ?? 1
        folder = environment["MELLAMA_FUZZ_FOLDER"].map { URL(filePath: $0) } ?? FileManager.default.temporaryDirectory
        replay = environment["MELLAMA_FUZZ_INPUT"]
    }

    /// Runs the target; throws `FuzzFailure` naming the file of an input that fails.
    ///
    /// The input being read also stands in `NAME.last` there, for a reader that crashes; that file goes at the end.
    @discardableResult
    public func run() throws -> FuzzReport {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let journal = try FuzzJournal(
            folder.appending(path: "\(target.name)-\(getpid()).last"), capacity: target.maximumBytes)
        var report = FuzzReport(name: target.name, seed: seed)
        if let replay {
            let input = try Array(Data(contentsOf: URL(filePath: replay)))
            report.add(try read(input, journal), bytes: input.count)
            return report
        }
        let start = ContinuousClock.now
        for input in target.seeds { report.add(try read(input, journal), bytes: input.count) }
        guard report.accepted > 0 else { throw FuzzFailure("\(target.name): accepts none of its own seeds") }
        var random = FuzzRandom(seed: seed)
        var corpus = target.seeds
        while report.inputs < inputs, seconds == .infinity || !isOver(start, report.inputs) {
            var input = random.oneIn(3) ? random.pick(target.seeds) : random.pick(corpus)
            change(&input, corpus, &random)
            let verdict = try read(input, journal)
            report.add(verdict, bytes: input.count)
            // What was accepted leads further in than what was refused.
            guard verdict == .accepted, random.oneIn(8) else { continue }
            if corpus.count < Self.keptInputs {
                corpus.append(input)
            } else {
                corpus[random.below(corpus.count)] = input
            }
        }
        report.duration = ContinuousClock.now - start
        print(report)
        return report
    }

    private func isOver(_ start: ContinuousClock.Instant, _ count: Int) -> Bool {
        count % 64 == 0 && ContinuousClock.now - start > .seconds(seconds)
    }

    private func change(_ input: inout [UInt8], _ corpus: [[UInt8]], _ random: inout FuzzRandom) {
        // After each change: several that double would make more than the sanitizer lets anybody allocate.
        func cut() {
            if input.count > target.maximumBytes { input.removeSubrange(target.maximumBytes...) }
        }
        if let restructure = target.restructure, random.oneIn(2) {
            for _ in 0...random.below(3) {
                restructure(&input, &random)
                cut()
            }
            guard random.oneIn(3) else { return }
        }
        for _ in 0...random.below(4) {
            FuzzMutation.apply(to: &input, words: target.words, others: corpus, &random)
            cut()
        }
    }

    /// What this thread has had of the processor: a busy machine makes no input slow.
    private static var threadTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    private func read(_ input: [UInt8], _ journal: FuzzJournal) throws -> FuzzTarget.Verdict {
        journal.note(input)
        let start = Self.threadTime
        do {
            let verdict = try target.read(input)
            let took = Self.threadTime - start
            try FuzzFailure.unless(took < Self.slowest, "took \(took)")
            return verdict
        } catch {
            let file = folder.appending(path: "\(target.name)-\(seed)-\(input.count).failed")
            try Data(input).write(to: file)
            throw FuzzFailure(
                "\(target.name): \(error); the input is in \(file.path), read it again with MELLAMA_FUZZ_INPUT")
        }
    }
}
