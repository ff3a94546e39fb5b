// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

// Reads prompts and decodes with a model of random weights and prints one JSON line: for the bench, which runs it beside
// a peer.

import Foundation

let options = DriverOptions(CommandLine.arguments.dropFirst())
do {
    let measurement = try InferenceMeasurement(options)
    if options.engine {
        for line in try EngineMeasurement(model: measurement.model, options: options).lines() { print(line) }
    } else {
        print(try measurement.line())
    }
    if options.hold {
        fflush(nil)
        while readLine() != nil {}
    }
    withExtendedLifetime(measurement) {}
} catch {
    FileHandle.standardError.write(Data("inference-driver: \(error)\n".utf8))
    exit(1)
}
