import Policy
public import Tokens

/// A report that can be shown to somebody who was not there: one HTML file, signed with Ed25519.
/// The signature is the last line, over every byte before it; checking needs the file and the
/// public key, and no database.
public enum Evidence {
    /// Why a file is no evidence.
    public enum Defect: Error, Equatable, Sendable {
        /// Not a file this program wrote, or cut off, or something was added behind it.
        case malformed
        /// Signed by another key; its id is the file's.
        case otherKey(String)
        /// The bytes are not the ones that were signed.
        case changed
        case key(KeyDefect)

        /// One sentence, without the file's name.
        public var words: String {
            switch self {
            case .malformed: "is no evidence: the signature is not its last line"
            case .otherKey(let id): "was signed by another key, \(id)"
            case .changed: "was changed after it was signed"
            case .key(let defect): "cannot be judged: the key \(defect.message)"
            }
        }
    }

    /// The widest a file may be that is checked.
    public static let bytesMax = 64 << 20
    private static let mark = "<!-- ringfence evidence v1 "
    /// Keeps the signature from meaning anything but this.
    private static let purpose = Array("ringfence evidence v1\n".utf8)

    /// A key pair, both in PEM.
    public static func makeKey() throws(KeyDefect) -> (privatePEM: [UInt8], publicPEM: [UInt8]) {
        let pair = try KeyPair(algorithm: .ed25519)
        return (pair.privatePEM, pair.publicPEM)
    }

    public static func write(
        _ report: VerificationReport, privatePEM: [UInt8]
    ) throws(KeyDefect) -> [UInt8] {
        let page = EvidencePage.render(report)
        let signature = try DetachedSignature.sign(purpose + page, privatePEM: privatePEM)
        let key = keyID(try DetachedSignature.publicPEM(ofPrivate: privatePEM))
        return page + Array("\(mark)key=\(key) ed25519=\(SHA256.hex(signature)) -->\n".utf8)
    }

    /// - Returns: the id of the key, when `file` is as it was signed by it.
    @discardableResult
    public static func check(_ file: [UInt8], publicPEM: [UInt8]) throws(Defect) -> String {
        guard let (page, key, signature) = split(file) else { throw .malformed }
        let isValid: Bool
        do throws(KeyDefect) {
            isValid = try DetachedSignature.isValid(
                signature, of: purpose + page, publicPEM: publicPEM)
        } catch {
            throw .key(error)
        }
        let own = keyID(publicPEM)
        guard isValid else { throw key == own ? .changed : .otherKey(key) }
        // The id is outside the signature: it helps to find the key, and proves nothing.
        guard key == own else { throw .malformed }
        return own
    }

    /// What people compare by eye: the first 16 digits of the SHA-256 of the public key in PEM,
    /// without white space, so that an editor's line ends do not matter.
    public static func keyID(_ publicPEM: [UInt8]) -> String {
        let plain = publicPEM.filter { $0 > 0x20 }
        return String(SHA256.hex(SHA256.digest(plain)).prefix(16))
    }

    private static func split(_ file: [UInt8]) -> ([UInt8], key: String, signature: [UInt8])? {
        guard file.count <= bytesMax, file.last == 0x0A,
            let feed = file.dropLast().lastIndex(of: 0x0A)
        else { return nil }
        let line = String(decoding: file[(feed + 1)...].dropLast(), as: UTF8.self)
        guard line.hasPrefix(mark + "key="), line.hasSuffix(" -->") else { return nil }
        let parts = line.dropFirst(mark.count).dropLast(4).split(separator: " ")
        guard parts.count == 2, parts[1].hasPrefix("ed25519=") else { return nil }
        let key = String(parts[0].dropFirst(4))
        guard key.utf8.count == 16, let signature = bytes(parts[1].dropFirst(8)) else { return nil }
        return (Array(file[...feed]), key, signature)
    }

    /// Of 128 hexadecimal digits in lower case.
    private static func bytes(_ digits: Substring) -> [UInt8]? {
        guard digits.utf8.count == DetachedSignature.byteCount * 2 else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in digits.utf8 {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }
}
