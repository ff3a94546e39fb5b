// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization
import Tensors

/// Cosines and sines of the rotary angles of all positions seen so far.
final class RotaryTable: Sendable {
    /// Positions 0 ..< count; never changed once made.
    struct Angles: Sendable {
        let count: Int
        let cosines: [Float]
        let sines: [Float]
    }

    private let frequencies: [Double]
    private let angles = Mutex(Angles(count: 0, cosines: [], sines: []))

    init(_ c: LlamaConfiguration) {
        frequencies = c.ropeScaling.inverseFrequencies(theta: c.ropeTheta, headDimension: c.headDimension)
    }

    /// The angles of `count` positions at least, [position, headDimension / 2].
    func angles(count: Int) -> Angles {
        angles.withLock { angles in
            if angles.count < count { angles = extended(angles, to: max(count, 2 * angles.count, 256)) }
            return angles
        }
    }

    private func extended(_ angles: Angles, to count: Int) -> Angles {
        let half = frequencies.count
        var (cosines, sines) = (angles.cosines, angles.sines)
        cosines.reserveCapacity(count * half)
        sines.reserveCapacity(count * half)
        for position in angles.count..<count {
            for frequency in frequencies {
                let (cosine, sine) = cosineAndSine(Double(position) * frequency)
                cosines.append(Float(cosine))
                sines.append(Float(sine))
            }
        }
        return Angles(count: count, cosines: cosines, sines: sines)
    }
}
