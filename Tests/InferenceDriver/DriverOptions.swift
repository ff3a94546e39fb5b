// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensors

/// What to measure, from the command line: `--name value` pairs.
struct DriverOptions {
    var size = "134m"
    /// A model folder or file in place of random weights.
    var model: String?
    var format = PanelFormat.bfloat16
    /// Tokens of the prompt, and of the context that decoding starts from.
    var prompt = 512
    var decode = 128
    var batches = [1]
    var repeats = 3
    var threads: Int?
    /// Whether to measure the engine in place of the model.
    var engine = false
    /// A folder of repacked weights that processes share.
    var packed: String?
    /// Whether to stay, with the model in memory, until the input ends.
    var hold = false

    init(_ arguments: some Sequence<String>) {
        var rest = Array(arguments)[...]
        func stop(_ why: String) -> Never {
            let usage = """
                inference-driver: \(why)
                usage: inference-driver [--size 15m|134m|1b|7b] [--model PATH] [--format float32|bfloat16|q8_0|q4_0]
                       [--prompt N] [--decode N] [--batch N[,N…]] [--repeat N] [--threads N] [--engine yes|no]
                       [--packed FOLDER] [--hold yes|no]

                """
            FileHandle.standardError.write(Data(usage.utf8))
            exit(64)
        }
        while let name = rest.popFirst() {
            guard let value = rest.popFirst() else { stop("\(name) has no value") }
            func number(_ text: some StringProtocol) -> Int {
                guard let number = Int(text), number > 0 else { stop("\(name) is \(text), which is no number above 0") }
                return number
            }
            switch name {
            case "--size": size = value
            case "--model": model = value
            case "--format":
                guard let known = PanelFormat(rawValue: value) else { stop("there is no format \(value)") }
                format = known
            case "--prompt": prompt = number(value)
            case "--decode": decode = number(value)
            case "--batch": batches = value.split(separator: ",").map { number($0) }
            case "--repeat": repeats = number(value)
            case "--engine": engine = value == "yes"
            case "--packed": packed = value
            case "--hold": hold = value == "yes"
            case "--threads": threads = number(value)
            default: stop("there is no option \(name)")
            }
        }
    }
}
