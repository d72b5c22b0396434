/// Builds the DER of a public key from the numbers of a JWK (RFC 7518 §6), so that PEM files and
/// key sets enter OpenSSL through the same door and meet the same checks.
enum SubjectPublicKeyInfo {
    private static let rsaEncryption: [UInt8] = [
        0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00,
    ]
    private static let ecPublicKey: [UInt8] = [
        0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01,
    ]

    private static let ed25519: [UInt8] = [0x06, 0x03, 0x2B, 0x65, 0x70]
    /// Bytes of an Ed25519 public key (RFC 8032 §5.1.5).
    static let ed25519Bytes = 32

    enum Curve: String {
        case p256 = "P-256"
        case p384 = "P-384"
        case p521 = "P-521"

        var coordinateBytes: Int {
            switch self {
            case .p256: 32
            case .p384: 48
            case .p521: 66
            }
        }

        fileprivate var identifier: [UInt8] {
            switch self {
            case .p256: [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
            case .p384: [0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22]
            case .p521: [0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23]
            }
        }
    }

    static func rsa(modulus: [UInt8], exponent: [UInt8]) -> [UInt8] {
        let numbers = element(0x30, integer(modulus) + integer(exponent))
        return element(0x30, element(0x30, rsaEncryption) + element(0x03, [0] + numbers))
    }

    /// - Parameters x, y: of exactly `curve.coordinateBytes` (RFC 7518 §6.2.1.2).
    static func ec(_ curve: Curve, x: [UInt8], y: [UInt8]) -> [UInt8] {
        let algorithm = element(0x30, ecPublicKey + curve.identifier)
        return element(0x30, algorithm + element(0x03, [0, 4] + x + y))
    }

    /// RFC 8410 §4.
    ///
    /// - Parameter x: of exactly `ed25519Bytes`.
    static func ed25519(x: [UInt8]) -> [UInt8] {
        element(0x30, element(0x30, ed25519) + element(0x03, [0] + x))
    }

    private static func integer(_ magnitude: [UInt8]) -> [UInt8] {
        var digits = Array(magnitude.drop { $0 == 0 })
        if digits.first.map({ $0 >= 0x80 }) ?? true { digits.insert(0, at: 0) }
        return element(0x02, digits)
    }

    private static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        var count: [UInt8] = []
        var rest = content.count
        while rest > 0 {
            count.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        }
        if content.count < 0x80 { return [tag, UInt8(content.count)] + content }
        return [tag, 0x80 | UInt8(count.count)] + count + content
    }
}
