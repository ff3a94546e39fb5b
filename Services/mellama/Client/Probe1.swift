import AsyncHTTPClient
import NIOCore
import NIOHTTP1

func probe() -> HTTPClientRequest {
    var r = HTTPClientRequest(url: "http://x")
    r.method = .POST
    r.headers.add(name: "a", value: "b")
    r.body = .bytes(ByteBuffer(string: "x"))
    return r
}
