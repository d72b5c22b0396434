import Foundation
import Glibc

/// A client that sends exactly the bytes it is told to and reads with deadlines.
public final class RawClient {
    private let socket: RawSocket
    /// Read and not yet handed out.
    private var pending: [UInt8] = []

    /// - Parameters:
    ///   - source: the address of this machine to come from; any of 127.0.0.0/8 will do.
    ///   - receiveBytes: bounds what the kernel takes for a reader who does not read.
    public init(
        port: UInt16, address: String = "127.0.0.1", from source: String? = nil,
        seconds: Double = Patience.seconds, receiveBytes: Int32? = nil
    ) throws {
        socket = try RawSocket.connect(
            address: address, port: port, from: source, seconds: seconds,
            receiveBytes: receiveBytes)
    }

    /// The near side of a connection somebody else began.
    init(accepted socket: RawSocket) { self.socket = socket }

    public init(path: String, seconds: Double = Patience.seconds) throws {
        socket = try RawSocket.connect(path: path, seconds: seconds)
    }

    public func send(_ bytes: some Sequence<UInt8>, seconds: Double = Patience.seconds) throws {
        try socket.send(bytes, seconds: seconds)
    }

    public func send(_ text: String, seconds: Double = Patience.seconds) throws {
        try socket.send(text.utf8, seconds: seconds)
    }

    /// Sends on a thread of its own, for peers that answer before they have read everything.
    public func sendAside(_ bytes: [UInt8], times: Int = 1, seconds: Double = Patience.seconds) {
        let socket = socket
        Thread {
            for _ in 0..<times where (try? socket.send(bytes, seconds: seconds)) == nil { return }
        }.start()
    }

    /// No more will be sent.
    public func closeWriting() { socket.shutDown(Int32(SHUT_WR)) }

    /// Ends the connection with RST when this value goes.
    public func resetWhenReleased() { socket.resetOnClose() }

    /// Whether bytes came that no read has taken yet.
    public var hasMore: Bool { !pending.isEmpty }

    /// Exactly `count` bytes.
    public func read(_ count: Int, seconds: Double = Patience.seconds) throws -> [UInt8] {
        try fill(seconds) { $0.count >= count }
        return take(count)
    }

    /// Everything up to and including `mark`.
    public func read(through mark: String, seconds: Double = Patience.seconds) throws -> [UInt8] {
        let mark = Array(mark.utf8)
        var end: Int?
        try fill(seconds) { bytes in
            end = position(after: mark, in: bytes)
            return end != nil
        }
        return take(end ?? 0)
    }

    /// Everything until the peer closes or resets.
    public func readUntilClose(seconds: Double = Patience.seconds) throws -> [UInt8] {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while true {
            guard let more = socket.receive(seconds: deadline.timeIntervalSinceNow) else {
                throw TestSupportError.timedOut("close after \(pending.count) bytes")
            }
            if more.isEmpty { return take(pending.count) }
            pending += more
        }
    }

    /// How a connection came to its end.
    public enum Ending: Equatable, Sendable {
        case closed
        case reset
    }

    /// Reads to the end, keeping only the last bytes.
    ///
    /// - Parameters:
    ///   - pauseMilliseconds: before each read, to be slow.
    ///   - pieceBytes: read at a time.
    /// - Returns: how many bytes came, the last `tailBytes` of them, and how it ended.
    public func drain(
        seconds: Double = Patience.seconds, tailBytes: Int = 4_096, pauseMilliseconds: Int32 = 0,
        pieceBytes: Int = 65_536, atMost limit: Int = .max
    ) throws -> (count: Int, tail: [UInt8], ending: Ending?) {
        let deadline = Date(timeIntervalSinceNow: seconds)
        var tail = take(pending.count)
        var count = tail.count
        while count < limit {
            if pauseMilliseconds > 0 { _ = poll(nil, 0, pauseMilliseconds) }
            let left = max(0, deadline.timeIntervalSinceNow)
            switch socket.arrival(seconds: left, max: min(pieceBytes, limit - count)) {
            case .bytes(let bytes):
                count += bytes.count
                tail = (tail + bytes).suffix(tailBytes)
            case .end: return (count, tail, .closed)
            case .reset: return (count, tail, .reset)
            case nil: throw TestSupportError.timedOut("drain after \(count) bytes")
            }
        }
        return (count, tail, nil)
    }

    /// Whether the peer closes without sending anything more.
    public func isClosed(seconds: Double = Patience.seconds) throws -> Bool {
        try readUntilClose(seconds: seconds).isEmpty
    }

    /// Whether nothing arrives for `seconds`: neither bytes nor the end.
    public func isSilent(seconds: Double) -> Bool {
        guard pending.isEmpty else { return false }
        guard let more = socket.receive(seconds: seconds) else { return true }
        pending += more
        return false
    }

    /// One whole HTTP/1.1 response. `toHEAD` because such a response has no body whatever it says.
    public func readResponse(
        toHEAD: Bool = false, seconds: Double = Patience.seconds
    ) throws -> RawResponse {
        let deadline = Date(timeIntervalSinceNow: seconds)
        func left() -> Double { max(0, deadline.timeIntervalSinceNow) }
        var response = try RawResponse(head: read(through: "\r\n\r\n", seconds: left()))
        if toHEAD || response.status < 200 || response.status == 204 || response.status == 304 {
            return response
        }
        if response.only("transfer-encoding")?.lowercased() == "chunked" {
            response.body = try readChunks(left)
        } else if let length = response.only("content-length").flatMap({ Int($0) }) {
            response.body = try read(length, seconds: left())
        } else {
            response.body = try readUntilClose(seconds: left())
        }
        return response
    }

    private func readChunks(_ left: () -> Double) throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let line = String(decoding: try read(through: "\r\n", seconds: left()), as: UTF8.self)
            let digits = line.prefix { $0.isHexDigit }
            guard let size = Int(digits, radix: 16) else {
                throw TestSupportError.malformedResponse("chunk size \(line)")
            }
            if size == 0 { break }
            body += try read(size, seconds: left())
            guard try read(2, seconds: left()) == [13, 10] else {
                throw TestSupportError.malformedResponse("end of chunk")
            }
        }
        // Trailers end with an empty line.
        while try read(through: "\r\n", seconds: left()).count > 2 {}
        return body
    }

    private func fill(_ seconds: Double, until isEnough: ([UInt8]) -> Bool) throws {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while !isEnough(pending) {
            guard let more = socket.receive(seconds: max(0, deadline.timeIntervalSinceNow)) else {
                throw TestSupportError.timedOut(
                    "read; have \(String(decoding: pending, as: UTF8.self))")
            }
            guard !more.isEmpty else {
                throw TestSupportError.closedEarly(String(decoding: pending, as: UTF8.self))
            }
            pending += more
        }
    }

    private func take(_ count: Int) -> [UInt8] {
        let taken = Array(pending.prefix(count))
        pending.removeFirst(taken.count)
        return taken
    }
}

/// A response as it came, names and values untouched.
public struct RawResponse: Sendable {
    public let status: Int
    /// Status line and fields with their line ends.
    public let head: String
    /// In order of arrival.
    public let fields: [(name: String, value: String)]
    public var body: [UInt8] = []

    public var text: String { String(decoding: body, as: UTF8.self) }

    init(head bytes: [UInt8]) throws {
        head = String(decoding: bytes, as: UTF8.self)
        let lines = head.components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].count == 3,
            let status = Int(words[1])
        else { throw TestSupportError.malformedResponse(head) }
        self.status = status
        var fields: [(name: String, value: String)] = []
        for line in lines.dropFirst() where !line.isEmpty {
            guard let colon = line.firstIndex(of: ":") else {
                throw TestSupportError.malformedResponse(line)
            }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            fields.append((String(line[..<colon]), value))
        }
        self.fields = fields
    }

    /// All values of a field, whatever the case of its name.
    public func all(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    /// The value of a field that is there exactly once.
    public func only(_ name: String) -> String? {
        let values = all(name)
        return values.count == 1 ? values[0] : nil
    }
}

/// The index behind the first `mark`.
func position(after mark: [UInt8], in bytes: [UInt8]) -> Int? {
    guard bytes.count >= mark.count else { return nil }
    for start in 0...(bytes.count - mark.count) where bytes[start...].starts(with: mark) {
        return start + mark.count
    }
    return nil
}
