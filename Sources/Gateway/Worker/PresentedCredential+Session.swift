import HTTP1
import Policy

/// Sessions in cookies, and the proof that a browser's own page asks.
extension PresentedCredential {
    /// The one cookie with the session's name; two are a sign of somebody else's (attack C3).
    ///
    /// - Throws: `session.ambiguous`.
    static func sessionCookie(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ policy: GatewayPolicy
    ) throws(Refusal) -> Slice? {
        guard let sessions = policy.sessions, head.fields.contains(.cookie) else { return nil }
        let name = [UInt8](sessions.cookie.utf8)
        var found: Slice?
        var next = head.fields.index(of: .cookie)
        while let index = next {
            let field = head.fields[index].value
            var position = 0
            while let pair = CookiePair(bytes[field], &position) {
                guard bytes[field].extracting(pair.name).equals(name.span) else { continue }
                guard found == nil else { throw .sessionAmbiguous }
                let start = Int(field.start)
                found = Slice(start + pair.value.lowerBound, start + pair.value.upperBound)
            }
            next = head.fields.index(of: .cookie, from: index + 1)
        }
        return found
    }

    /// Browsers send cookies along whoever asks for it: a request that may change something has to
    /// come from a page of ours (attacks C5, X4).
    ///
    /// - Throws: `session.origin`.
    static func checkOrigin(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ policy: GatewayPolicy
    ) throws(Refusal) {
        switch head.method {
        case .get, .head, .options: return
        default: break
        }
        guard let index = head.fields.index(of: .origin), !head.fields.repeats(.origin),
            !head.fields.repeats(.secFetchSite)
        else { throw .sessionOrigin }
        if let site = head.fields.index(of: .secFetchSite),
            bytes[head.fields[site].value].equalsIgnoringCase("cross-site")
        {
            throw .sessionOrigin
        }
        let origin = bytes[head.fields[index].value]
        for allowed in policy.sessions?.origins ?? [] {
            let text = [UInt8](allowed.utf8)
            if origin.equals(text.span) { return }
        }
        throw .sessionOrigin
    }
}
