import Reactor

/// An issuer's last good key set on disk, for a start while the issuer is down.
///
/// What can be written there can be trusted later, so the file is ours alone (mode 0600), is
/// replaced whole, and is read as strictly as an answer from the network: it says what it was
/// fetched from and when.
struct KeyCopy: Equatable {
    /// What it was fetched from; a copy of another source is none.
    let source: String
    /// Wall-clock seconds.
    let fetchedAt: Int64
    let bytes: [UInt8]

    private static let head = "ringfence-keys 1"
    /// Of the two lines before the set.
    static let headBytesMax = 4_096
    /// How far ahead of us the clock that wrote it may have been.
    static let clockSecondsMax: Int64 = 60

    enum Defect: Error, Equatable {
        /// There is none.
        case missing
        case unreadable(FileFault)
        /// Somebody else owns it, or may read or write it.
        case notOurs
        case malformed
        /// It is a copy of something else.
        case otherSource
        /// Written in the future: its age is not known.
        case future

        var message: String {
            switch self {
            case .missing: "is not there"
            case .unreadable(let fault): "cannot be read (\(fault.description))"
            case .notOurs: "is not this user's alone (mode 0600)"
            case .malformed: "is malformed"
            case .otherSource: "was fetched from somewhere else"
            case .future: "is from the future"
            }
        }
    }

    /// Names of issuers are names of files: letters, digits, `.`, `_` and `-`.
    static func path(folder: String, issuer: String) -> String { "\(folder)/keys-\(issuer).jwks" }

    var encoded: [UInt8] { Array("\(Self.head) \(fetchedAt)\n\(source)\n".utf8) + bytes }

    init(source: String, fetchedAt: Int64, bytes: [UInt8]) {
        self.source = source
        self.fetchedAt = fetchedAt
        self.bytes = bytes
    }

    init(decoding encoded: [UInt8]) throws(Defect) {
        let end = UInt8(ascii: "\n")
        guard let first = encoded.firstIndex(of: end), first < Self.headBytesMax,
            let second = encoded[(first + 1)...].firstIndex(of: end), second < Self.headBytesMax
        else { throw .malformed }
        let words = String(decoding: encoded[..<first], as: UTF8.self)
        guard words.hasPrefix(Self.head + " "),
            let seconds = Int64(words.dropFirst(Self.head.count + 1)), seconds >= 0
        else { throw .malformed }
        source = String(decoding: encoded[(first + 1)..<second], as: UTF8.self)
        fetchedAt = seconds
        bytes = Array(encoded[(second + 1)...])
    }

    /// - Parameter bytesMax: of the set.
    static func read(
        _ path: String, source: String, now: Int64, bytesMax: Int
    ) throws(Defect) -> KeyCopy {
        let encoded: [UInt8]
        let mode: FileMode
        do throws(FileFault) {
            mode = try fileMode(path)
            encoded = try readFile(path, bytesMax: bytesMax + headBytesMax)
        } catch {
            throw error == .missing ? .missing : .unreadable(error)
        }
        guard mode.isRegular, mode.permissions & 0o077 == 0, mode.ownerID == ProcessContext.userID
        else { throw .notOurs }
        let copy = try KeyCopy(decoding: encoded)
        guard copy.source == source else { throw .otherSource }
        guard copy.fetchedAt <= now + clockSecondsMax else { throw .future }
        return copy
    }

    func write(_ path: String) throws(FileFault) {
        let encoded = encoded
        try writeFileAtomically(path, encoded.span, mode: 0o600)
    }
}
