import CLinux
public import HTTP1

/// Where a connection comes from, as the socket says it.
public enum PeerAddress: Hashable, Sendable {
    case ip(IPAddress, port: UInt16)
    /// A process of this machine; Unix clients have no address.
    case unix

    public var address: IPAddress? {
        switch self {
        case .ip(let address, _): address
        case .unix: nil
        }
    }

    /// Appends the address alone, without its port; `unix` for Unix clients. At most 39 bytes.
    public func append(to buffer: inout ByteBuffer) {
        switch self {
        case .ip(let address, _): address.append(to: &buffer)
        case .unix: buffer.append("unix")
        }
    }

    init(_ raw: rf_address) {
        self =
            raw.kind == 1
            ? .unix : .ip(raw.address, port: raw.port)
    }
}

extension PeerAddress: CustomStringConvertible {
    public var description: String {
        switch self {
        case .ip(let address, let port):
            address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
        case .unix: "unix"
        }
    }
}

/// Where to listen or connect: numbers or a path, never a name (`Resolver` turns names into these).
public enum SocketAddress: Hashable, Sendable {
    case ip(IPAddress, port: UInt16)
    /// A file system path of 1...107 bytes.
    case unix(path: String)

    /// Why a text is no address.
    public enum Defect: Error, Equatable, Sendable {
        case portMissing
        /// Not 0...65535 in plain decimal.
        case badPort
        /// Not a numeric address; IPv6 needs its brackets.
        case badAddress
        /// Empty, over 107 bytes, or with a NUL.
        case badPath
    }

    /// Reads `127.0.0.1:0`, `[::]:8443` or `unix:/run/x.sock`.
    public init(parsing text: String) throws(Defect) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard Self.isUsable(path: path) else { throw .badPath }
            self = .unix(path: path)
            return
        }
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { throw .portMissing }
        let isBracketed = text.hasPrefix("[")
        if isBracketed, text.hasSuffix("]") { throw .portMissing }
        let digits = text[text.index(after: colon)...].utf8
        guard (1...5).contains(digits.count), digits.count == 1 || digits.first != 0x30,
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = UInt16(String(text[text.index(after: colon)...]))
        else { throw .badPort }
        var host = text[..<colon]
        if isBracketed {
            guard host.hasSuffix("]") else { throw .badAddress }
            host = host.dropFirst().dropLast()
        }
        guard host.utf8.contains(UInt8(ascii: ":")) == isBracketed,
            let address = IPAddress(String(host))
        else { throw .badAddress }
        self = .ip(address, port: port)
    }

    /// The kernel's bound of a Unix path, its final NUL excluded.
    static let pathBytesMax = 107

    static func isUsable(path: String) -> Bool {
        (1...pathBytesMax).contains(path.utf8.count) && !path.utf8.contains(0)
    }

    /// The port, if it has one.
    public var port: UInt16? {
        switch self {
        case .ip(_, let port): port
        case .unix: nil
        }
    }

    /// The kernel's form.
    func raw() throws(SocketFault) -> rf_address {
        var raw = rf_address()
        switch self {
        case .ip(let address, let port):
            raw.kind = address.isIPv4 ? 4 : 6
            raw.port = port
            unsafe withUnsafeMutableBytes(of: &raw.ip) { bytes in
                unsafe bytes.storeBytes(of: address.high.bigEndian, as: UInt64.self)
                unsafe bytes.storeBytes(
                    of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
        case .unix(let path):
            guard Self.isUsable(path: path) else { throw .badPath }
            raw.kind = 1
            unsafe withUnsafeMutableBytes(of: &raw.path) { bytes in
                unsafe bytes.copyBytes(from: path.utf8)
            }
        }
        return raw
    }

    /// - Parameter path: what a Unix socket was bound to; the kernel's answer is not read.
    init(_ raw: rf_address, path: String) {
        self =
            raw.kind == 1
            ? .unix(path: path) : .ip(raw.address, port: raw.port)
    }
}

extension SocketAddress: CustomStringConvertible {
    public var description: String {
        switch self {
        case .ip(let address, let port):
            address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

extension rf_address {
    /// The IP address of kinds 4 and 6.
    var address: IPAddress {
        let bytes = ip
        return unsafe withUnsafeBytes(of: bytes) { unsafe IPAddress(networkOrder: $0) }
    }
}

extension IPAddress {
    /// - Parameter bytes: at least 16 of them.
    @unsafe init(networkOrder bytes: UnsafeRawBufferPointer) {
        self.init(
            high: UInt64(bigEndian: unsafe bytes.loadUnaligned(as: UInt64.self)),
            low: UInt64(
                bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
}
