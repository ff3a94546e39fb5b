// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation

/// What to measure, from the command line: `--name value` pairs.
struct DriverOptions {
    var size = "134m"
    var precision = "float32"
    var lora = false
    /// What the weights under an adapter are kept in.
    var base = "float32"
    var recompute = "none"
    var sequenceLength = 512
    var batch = 4
    var accumulation = 1
    var steps = 4
    var threads: Int?

    init(_ arguments: some Sequence<String>) {
        var rest = Array(arguments)[...]
        func stop(_ why: String) -> Never {
            let usage = """
                training-driver: \(why)
                usage: training-driver [--size 15m|134m|1b|7b] [--precision float32|bfloat16] [--lora yes|no]
                       [--base float32|q8_0] [--recompute none|block] [--seq N] [--batch N] [--accumulation N]
                       [--steps N (after the first; 0 measures that)] [--threads N]

                """
            FileHandle.standardError.write(Data(usage.utf8))
            exit(64)
        }
        while let name = rest.popFirst() {
            guard let value = rest.popFirst() else { stop("\(name) has no value") }
            func number(atLeast least: Int = 1) -> Int {
                guard let number = Int(value), number >= least else {
                    stop("\(name) is \(value), which is no number from \(least) on")
                }
                return number
            }
            switch name {
            case "--size": size = value
            case "--precision": precision = value
            case "--lora": lora = value == "yes"
            case "--base":
                guard ["float32", "q8_0"].contains(value) else { stop("there is no base in \(value)") }
                base = value
            case "--recompute": recompute = value
            case "--seq": sequenceLength = number()
            case "--batch": batch = number()
            case "--accumulation": accumulation = number()
            case "--steps": steps = number(atLeast: 0)
            case "--threads": threads = number()
            default: stop("there is no option \(name)")
            }
        }
    }
}
