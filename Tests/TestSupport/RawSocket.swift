import Foundation
import Glibc

/// A connected or listening stream socket with deadlines in every call.
package final class RawSocket: Sendable {
    package let number: Int32

    init(adopting number: Int32) { self.number = number }
    deinit { close(number) }

    /// Connects to a port of this machine, `from` another address of it where one is given.
    ///
    /// - Parameter receiveBytes: bounds what the kernel takes for a reader who does not read.
    package static func connect(
        address: String, port: UInt16, from source: String? = nil,
        seconds: Double = Patience.seconds,
        receiveBytes: Int32? = nil
    ) throws -> RawSocket {
        let family = address.contains(":") ? AF_INET6 : AF_INET
        let socket = try make(family)
        if var receiveBytes {
            let size = socklen_t(MemoryLayout<Int32>.size)
            _ = unsafe setsockopt(socket.number, SOL_SOCKET, SO_RCVBUF, &receiveBytes, size)
        }
        if let source {
            try unsafe withSocketAddress(source, 0) { pointer, length in
                guard unsafe Glibc.bind(socket.number, pointer, length) == 0 else {
                    throw TestSupportError.socket("bind", errno)
                }
            }
        }
        try unsafe withSocketAddress(address, port) { pointer, length in
            try socket.finishConnecting(
                unsafe Glibc.connect(socket.number, pointer, length), seconds)
        }
        // Each write is a packet: what a test cuts in two is not put together again, nor held back
        // until the first half is acknowledged.
        var option: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        _ = unsafe setsockopt(
            socket.number, Int32(IPPROTO_TCP), TCP_NODELAY, &option, size)
        return socket
    }

    /// Connects to a Unix socket.
    package static func connect(path: String, seconds: Double = Patience.seconds) throws
        -> RawSocket
    {
        let socket = try make(AF_UNIX)
        try unsafe withSocketAddress(path) { pointer, length in
            try socket.finishConnecting(
                unsafe Glibc.connect(socket.number, pointer, length), seconds)
        }
        return socket
    }

    /// Has the port to itself; 0 is one the system chooses.
    static func bind(address: String, port: UInt16) throws -> RawSocket {
        let socket = try make(address.contains(":") ? AF_INET6 : AF_INET)
        try unsafe withSocketAddress(address, port) { pointer, length in
            guard unsafe Glibc.bind(socket.number, pointer, length) == 0 else {
                throw TestSupportError.socket("bind", errno)
            }
        }
        return socket
    }

    /// Lets others that ask for the same have its port too, until it listens.
    func shareAddress() throws {
        var option: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &option, size) == 0 else {
            throw TestSupportError.socket("setsockopt", errno)
        }
    }

    /// Listens on a port the system chooses.
    package static func listen(address: String) throws -> RawSocket {
        let socket = try bind(address: address, port: 0)
        guard Glibc.listen(socket.number, 128) == 0 else {
            throw TestSupportError.socket("listen", errno)
        }
        return socket
    }

    /// Listens on a Unix socket.
    package static func listen(path: String) throws -> RawSocket {
        let socket = try make(AF_UNIX)
        try unsafe withSocketAddress(path) { pointer, length in
            guard unsafe Glibc.bind(socket.number, pointer, length) == 0 else {
                throw TestSupportError.socket("bind", errno)
            }
        }
        guard Glibc.listen(socket.number, 128) == 0 else {
            throw TestSupportError.socket("listen", errno)
        }
        return socket
    }

    private static func make(_ family: Int32) throws -> RawSocket {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let number = socket(family, kind, 0)
        guard number >= 0 else { throw TestSupportError.socket("socket", errno) }
        return RawSocket(adopting: number)
    }

    /// The port it is bound to.
    package var port: UInt16 {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = unsafe getsockname(number, $0, &length)
            }
            // The port has the same place in both families.
            return unsafe pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                unsafe UInt16(bigEndian: $0.pointee.sin_port)
            }
        }
    }

    /// The IPv4 address of the other end.
    package var peerAddress: String? {
        var place = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = unsafe withUnsafeMutablePointer(to: &place) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getpeername(number, $0, &length)
            }
        }
        guard status == 0, place.sin_family == sa_family_t(AF_INET) else { return nil }
        let bits = UInt32(bigEndian: place.sin_addr.s_addr)
        return [24, 16, 8, 0].map { "\(bits >> $0 & 255)" }.joined(separator: ".")
    }

    /// The next connection; `nil` when none came in time or the listener was shut down.
    package func accept(seconds: Double) -> RawSocket? {
        guard isReady(POLLIN, seconds) else { return nil }
        let number = Glibc.accept(number, nil, nil)
        guard number >= 0 else { return nil }
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        _ = fcntl(number, F_SETFL, O_NONBLOCK)
        return RawSocket(adopting: number)
    }

    package func send(_ bytes: some Sequence<UInt8>, seconds: Double = Patience.seconds) throws {
        let all = Array(bytes)
        var sent = 0
        let deadline = Date(timeIntervalSinceNow: seconds)
        while sent < all.count {
            let count = unsafe all[sent...].withUnsafeBytes {
                unsafe Glibc.send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            let code = errno
            if count > 0 {
                sent += count
            } else if code == EAGAIN || code == EINTR {
                guard isReady(POLLOUT, deadline.timeIntervalSinceNow) else {
                    throw TestSupportError.timedOut("send")
                }
            } else {
                throw TestSupportError.socket("send", code)
            }
        }
    }

    /// Some bytes; empty when the peer closed or reset, `nil` when nothing came in time.
    package func receive(seconds: Double) -> [UInt8]? {
        switch arrival(seconds: seconds) {
        case .bytes(let bytes): bytes
        case .end, .reset: []
        case nil: nil
        }
    }

    /// What a socket can be found to hold.
    enum Arrival {
        case bytes([UInt8])
        case end
        case reset
    }

    /// What came; `nil` when nothing did in time.
    func arrival(seconds: Double, max: Int = 65_536) -> Arrival? {
        guard isReady(POLLIN, seconds) else { return nil }
        var buffer = [UInt8](repeating: 0, count: max)
        let count = unsafe recv(number, &buffer, buffer.count, 0)
        if count > 0 { return .bytes(Array(buffer[..<count])) }
        return count == 0 ? .end : .reset
    }

    /// Whether more can be sent before `seconds` have passed.
    package func isWritable(seconds: Double) -> Bool { isReady(POLLOUT, seconds) }

    package func shutDown(_ how: Int32) { shutdown(number, how) }

    /// Makes the close send RST instead of FIN.
    package func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        let size = socklen_t(MemoryLayout<linger>.size)
        _ = unsafe setsockopt(number, SOL_SOCKET, SO_LINGER, &option, size)
    }

    private func finishConnecting(_ status: Int32, _ seconds: Double) throws {
        let code = errno
        if status == 0 { return }
        guard code == EINPROGRESS || code == EAGAIN else {
            throw TestSupportError.socket("connect", code)
        }
        guard isReady(POLLOUT, seconds) else { throw TestSupportError.timedOut("connect") }
        var outcome: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        _ = unsafe getsockopt(number, SOL_SOCKET, SO_ERROR, &outcome, &size)
        guard outcome == 0 else { throw TestSupportError.socket("connect", outcome) }
    }

    private func isReady(_ events: Int32, _ seconds: Double) -> Bool {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while true {
            var entry = pollfd(fd: number, events: Int16(events), revents: 0)
            let left = max(0, deadline.timeIntervalSinceNow * 1000).rounded(.up)
            let count = unsafe poll(&entry, 1, Int32(clamping: Int(left)))
            if count > 0 { return true }
            if count == 0 || errno != EINTR { return false }
        }
    }
}

private func withSocketAddress(
    _ address: String, _ port: UInt16,
    _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void
) throws {
    if address.contains(":") {
        var place = sockaddr_in6()
        place.sin6_family = sa_family_t(AF_INET6)
        place.sin6_port = port.bigEndian
        guard unsafe inet_pton(AF_INET6, address, &place.sin6_addr) == 1 else {
            throw TestSupportError.socket("address \(address)", EINVAL)
        }
        try unsafe withRaw(place, body)
    } else {
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        guard unsafe inet_pton(AF_INET, address, &place.sin_addr) == 1 else {
            throw TestSupportError.socket("address \(address)", EINVAL)
        }
        try unsafe withRaw(place, body)
    }
}

private func withSocketAddress(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void
) throws {
    var place = sockaddr_un()
    place.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let room = MemoryLayout.size(ofValue: place.sun_path)
    guard bytes.count < room else { throw TestSupportError.socket("path too long", ENAMETOOLONG) }
    unsafe withUnsafeMutableBytes(of: &place.sun_path) { unsafe $0.copyBytes(from: bytes) }
    try unsafe withRaw(place, body)
}

private func withRaw<Place>(
    _ place: Place, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void
) throws {
    try unsafe withUnsafePointer(to: place) { pointer in
        try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            try unsafe body($0, socklen_t(MemoryLayout<Place>.size))
        }
    }
}
