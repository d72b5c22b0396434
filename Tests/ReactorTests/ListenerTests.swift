import Glibc
import TestSupport
import Testing

@testable import Reactor

@Suite struct `Listeners` {
    @Test func `a second listener on the same port is refused`() throws {
        let first = try Listener(on: SocketAddress(parsing: "127.0.0.1:0"))
        let address = first.address
        let fault = #expect(throws: SocketFault.self) { _ = try Listener(on: address) }
        #expect(fault == .addressInUse)
        let number = first.number
        #expect(number >= 0)
    }

    @Test func `a port is free again as soon as its listener has gone`() throws {
        let address = try SocketAddress(parsing: "127.0.0.1:\(ReservedPort.choose())")
        do {
            var first = try Listener(on: address)
            let client = try Client.connected(to: address)
            _ = try acceptOne(&first)
            _ = client.socket.number
        }
        // The connection above waits in TIME_WAIT; SO_REUSEADDR does not mind.
        let second = try Listener(on: address)
        let again = second.address
        #expect(again == address)
    }

    @Test func `accepted connections send at once and know their peer`() throws {
        var listener = try Listener(on: SocketAddress(parsing: "[::]:0"))
        let port = try #require(listener.address.port)
        let client = try Client.connected(to: SocketAddress(parsing: "127.0.0.1:\(port)"))
        let accepted = try acceptOne(&listener)
        let sendAtOnce = [accepted.sendsAtOnce, client.socket.sendsAtOnce]
        #expect(sendAtOnce == [true, true])
        // An IPv4 client of a dual-stack socket is an IPv4 client.
        let peer = try accepted.peerAddress()
        #expect(peer.address == IPAddress("127.0.0.1"))
    }

    @Test func `an empty queue would block`() throws {
        var listener = try Listener(on: SocketAddress(parsing: "127.0.0.1:0"))
        let outcome = listener.accept()
        if case .wouldBlock = outcome {} else { Issue.record("somebody was accepted") }
    }

    @Test func `only the address that means all falls back where there is no IPv6`() throws {
        let any = try SocketAddress(parsing: "[::]:80")
        for code in [EAFNOSUPPORT, EADDRNOTAVAIL, EPROTONOSUPPORT] {
            let other = Listener.fallback(for: any, afterNegative: -code)
            #expect(other == .ip(.anyV4, port: 80))
        }
        #expect(Listener.fallback(for: any, afterNegative: -EADDRINUSE) == nil)
        let one = try SocketAddress(parsing: "[::1]:80")
        #expect(Listener.fallback(for: one, afterNegative: -EADDRNOTAVAIL) == nil)
    }

    @Test func `an address of another machine is unavailable`() throws {
        let address = try SocketAddress(parsing: "192.0.2.1:0")
        let fault = #expect(throws: SocketFault.self) { _ = try Listener(on: address) }
        #expect(fault == .addressUnavailable)
    }
}

@Suite struct `Unix listeners` {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test func `a stale socket file is replaced`() throws {
        let path = scratch.path("stale.sock")
        try leaveStaleSocket(path)
        let listener = try Listener(on: .unix(path: path))
        let client = try Client.connected(to: listener.address)
        let isConnected = try client.socket.finishConnecting()
        #expect(isConnected)
    }

    @Test func `a socket somebody listens on is left alone`() throws {
        let path = scratch.path("live.sock")
        var first = try Listener(on: .unix(path: path))
        let fault = #expect(throws: SocketFault.self) { _ = try Listener(on: .unix(path: path)) }
        #expect(fault == .addressInUse)
        let client = try Client.connected(to: first.address)
        let accepted = try acceptOne(&first)
        let peer = try accepted.peerAddress()
        #expect(peer == .unix)
        let isConnected = try client.socket.finishConnecting()
        #expect(isConnected)
    }

    @Test func `a file that is no socket is never removed`() throws {
        let path = scratch.path("precious")
        try writeFileAtomically(path, Array("data".utf8).span)
        let fault = #expect(throws: SocketFault.self) { _ = try Listener(on: .unix(path: path)) }
        #expect(fault == .addressInUse)
        let content = try readFile(path, bytesMax: 100)
        #expect(content == Array("data".utf8))
    }

    @Test func `the file has the mode asked for and goes with its listener`() throws {
        let path = scratch.path("mode.sock")
        do {
            let listener = try Listener(on: .unix(path: path), mode: 0o600)
            let mode = try fileMode(path)
            #expect(mode.permissions == 0o600 && !mode.isRegular)
            let address = listener.address
            #expect(address == .unix(path: path))
        }
        let fault = #expect(throws: FileFault.self) { _ = try fileMode(path) }
        #expect(fault == .missing)
    }

    @Test func `a listener does not remove the file that has taken its place`() throws {
        let path = scratch.path("taken.sock")
        do {
            let listener = try Listener(on: .unix(path: path))
            try #require(unsafe unlink(path) == 0)
            try writeFileAtomically(path, [1].span)
            let address = listener.address
            #expect(address == .unix(path: path))
        }
        let content = try readFile(path, bytesMax: 10)
        #expect(content == [1])
    }

    @Test func `a folder that is not there and a path too long are bad paths`() throws {
        for path in [scratch.path("none/x.sock"), scratch.path(String(repeating: "x", count: 108))]
        {
            let fault = #expect(throws: SocketFault.self) {
                _ = try Listener(on: .unix(path: path))
            }
            #expect(fault == .badPath)
        }
    }

    @Test func `connecting to a stale or a missing socket is refused`() throws {
        let path = scratch.path("dead.sock")
        for _ in 0..<2 {
            let fault = #expect(throws: SocketFault.self) {
                _ = try Socket.connect(to: .unix(path: path))
            }
            #expect(fault == .refused)
            try leaveStaleSocket(path)
        }
    }

    /// What a killed process leaves: a bound file without a listener. It is moved aside while the
    /// listener goes, which would remove it.
    private func leaveStaleSocket(_ path: String) throws {
        let kept = path + ".kept"
        do {
            let listener = try Listener(on: .unix(path: path))
            let renamed = unsafe rename(path, kept)
            let number = listener.number
            try #require(renamed == 0 && number >= 0)
        }
        let restored = unsafe rename(kept, path)
        try #require(restored == 0)
    }
}

@Suite struct `Exhaustion of descriptors` {
    @Test func `accepting survives it, sheds those who wait and goes on afterwards (D2)`() async {
        // Its own process: the limit is the process's and other tests need descriptors.
        await #expect(processExitsWith: .success) {
            var listener = try Listener(on: SocketAddress(parsing: "127.0.0.1:0"))
            var clients: [Holder] = []
            for _ in 0..<4 { clients.append(try Holder(Client.connected(to: listener.address))) }
            var hoard: [Int32] = []
            var limit = rlimit()
            unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = 128
            unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            while true {
                let number = dup(0)
                guard number >= 0 else { break }
                hoard.append(number)
            }
            guard case .exhausted = listener.accept() else { exit(11) }
            guard listener.shed(atMost: 3) == 3 else { exit(12) }
            guard case .exhausted = listener.accept() else { exit(13) }
            for number in hoard { close(number) }
            guard case .accepted(let socket, _) = listener.accept() else { exit(14) }
            guard case .wouldBlock = listener.accept() else { exit(15) }
            // The three in front were closed; the fourth is served.
            for client in clients.prefix(3) {
                guard try client.client.isEnded() else { exit(16) }
            }
            _ = try socket.write([7].span)
            guard try clients[3].client.receive(1) == [7] else { exit(17) }
        }
    }

    private final class Holder {
        var client: Client
        init(_ client: consuming Client) { self.client = client }
    }
}
