// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

// Trains a model of random weights for a few steps and prints one JSON line: for the bench, which runs it beside a peer.

import Corpora
import Foundation
import Llama
import Tensors
import Training

let options = DriverOptions(CommandLine.arguments.dropFirst())
do {
    if let line = try TrainingMeasurement(options).line() { print(line) }
} catch {
    FileHandle.standardError.write(Data("training-driver: \(error)\n".utf8))
    exit(1)
}
