// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// x to the power y.
func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }

/// Cosine and sine of an angle in radians.
func cosineAndSine(_ angle: Double) -> (Double, Double) { (cos(angle), sin(angle)) }

/// Two independent standard normal numbers (Box and Muller 1958).
func normalPair(_ u1: Double, _ u2: Double) -> (Double, Double) {
    let radius = (-2 * log(1 - u1)).squareRoot()
    return (radius * cos(2 * .pi * u2), radius * sin(2 * .pi * u2))
}
