import JSON
import Tokens

/// A credential as it was given, and what it says of itself when it is a JWT. Nothing of it is
/// believed; it is material to forge others from.
package struct Identity: Sendable {
    package let token: String
    /// Decoded; `nil` for a token that is no JWT.
    let header: [UInt8]?
    let claims: [UInt8]?
    /// The tenant it is for: by its claims, unless the operator said so.
    package private(set) var tenant: String?
    /// The claim's name.
    package private(set) var claimName: String?
    /// The claim's value among the bytes of the claims, quotes included.
    private var valueRange: Range<Int>?

    static let tokenBytesMax = 16_384

    /// `nil` for a text that no field can carry, or without a byte.
    package init?(token: String) {
        guard !token.isEmpty, token.utf8.count <= Self.tokenBytesMax,
            token.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { return nil }
        self.token = token
        let parts = try? UncheckedToken([UInt8](token.utf8).span)
        header = parts?.header
        claims = parts?.claims
    }

    /// Its segments as they were given; empty for a token that is no JWT.
    var segments: [Substring] {
        header == nil ? [] : token.split(separator: ".", omittingEmptySubsequences: false)
    }

    /// Finds the claim with one of these names, compared by letters and digits alone; the first
    /// name that is there counts.
    package mutating func findTenant(names: [String]) {
        guard let claims else { return }
        var document = JSONDocument()
        guard (try? document.parse(claims.span)) != nil else { return }
        let view = document.view(of: claims.span)
        for name in names {
            let wanted = ConceptName(name)?.skeleton
            for index in 0..<view.count {
                guard let node = view.node(index), let key = view.key(of: node) else { continue }
                let text = String(decoding: key, as: UTF8.self)
                guard text == name || ConceptName(text)?.skeleton == wanted else { continue }
                switch view.kind(of: node) {
                case .string:
                    tenant = view.string(at: node).map { String(decoding: $0, as: UTF8.self) }
                case .number:
                    tenant = String(decoding: claims[view.range(of: node)], as: UTF8.self)
                default: continue
                }
                claimName = text
                valueRange = view.range(of: node)
                return
            }
        }
    }

    mutating func setTenant(_ name: String) { tenant = name }

    /// The claims with another tenant; for a token that says none, claims with nothing else.
    package func claims(naming other: String, concept: String) -> [UInt8] {
        let value = [UInt8]("\"\(other.jsonEscaped)\"".utf8)
        guard let claims, let valueRange, valueRange.upperBound <= claims.count else {
            return [UInt8]("{\"\(concept)\":".utf8) + value + [UInt8(ascii: "}")]
        }
        return claims[..<valueRange.lowerBound] + value + claims[valueRange.upperBound...]
    }

    /// The claims with a later end, or `nil` where there is no `exp` to change.
    func claimsLivingLonger() -> [UInt8]? {
        guard let claims else { return nil }
        var document = JSONDocument()
        guard (try? document.parse(claims.span)) != nil else { return nil }
        let view = document.view(of: claims.span)
        guard let node = view.member(of: view.root, named: "exp"), let end = view.integer(at: node),
            end < 1 << 40
        else { return nil }
        let range = view.range(of: node)
        let later = [UInt8]("\(end + 3_600)".utf8)
        return claims[..<range.lowerBound] + later + claims[range.upperBound...]
    }

    /// The header's `kid`.
    var keyName: String {
        guard let header else { return "rf" }
        var document = JSONDocument()
        guard (try? document.parse(header.span)) != nil else { return "rf" }
        let view = document.view(of: header.span)
        guard let node = view.member(of: view.root, named: "kid"), let text = view.string(at: node)
        else {
            return "rf"
        }
        return String(decoding: text, as: UTF8.self)
    }
}
