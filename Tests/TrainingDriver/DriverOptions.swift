// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation

/// What to measure, from the command line: `--name value` pairs.
struct DriverOptions {
    var size = "134m"
    var precision = "float32"
    var lora = false
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
                usage: training-driver [--size 15m|134m|1b] [--precision float32|bfloat16] [--lora yes|no]
                       [--recompute none|block] [--seq N] [--batch N] [--accumulation N] [--steps N] [--threads N]

                """
            FileHandle.standardError.write(Data(usage.utf8))
            exit(64)
        }
        while let name = rest.popFirst() {
            guard let value = rest.popFirst() else { stop("\(name) has no value") }
            func number() -> Int {
                guard let number = Int(value), number > 0 else {
                    stop("\(name) is \(value), which is no number above 0")
                }
                return number
            }
            switch name {
            case "--size": size = value
            case "--precision": precision = value
            case "--lora": lora = value == "yes"
            case "--recompute": recompute = value
            case "--seq": sequenceLength = number()
            case "--batch": batch = number()
            case "--accumulation": accumulation = number()
            case "--steps": steps = number()
            case "--threads": threads = number()
            default: stop("there is no option \(name)")
            }
        }
    }
}
