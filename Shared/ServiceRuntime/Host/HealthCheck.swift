// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Asks a service's admin port whether it is alive, without any HTTP library: for container health checks.
enum HealthCheck {
    /// Throws `HostError` unless `/healthz` answers 200 within three seconds. Blocks.
    static func run(host: String, port: Int) throws {
        guard port != 0 else {
            throw HostError(.unhealthy, detail: "the admin port is off; set MELLAMA_ADMIN_PORT")
        }
        // A service that listens everywhere is asked on loopback.
        let name = host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host
        guard let socket = TCPSocket(host: name, port: port, seconds: 3) else {
            throw HostError(.unhealthy, detail: "nothing listens on \(host):\(port)")
        }
        let request = Array("GET /healthz HTTP/1.1\r\nHost: \(name)\r\nConnection: close\r\n\r\n".utf8)
        guard socket.write(request), socket.readStatus() == 200 else {
            throw HostError(.unhealthy, detail: "\(name):\(port)/healthz does not answer 200")
        }
    }
}
