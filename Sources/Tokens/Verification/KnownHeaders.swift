internal import HTTP1

/// The headers of tokens that a verifier has lately accepted, byte for byte.
///
/// An issuer writes the same header into every token of a key, so one comparison says what reading
/// it again would: both readers' answers, and the key, depend on nothing but the header's bytes and
/// the issuer, whose policy and keys never change (a snapshot has issuers of its own). A header
/// enters only after its whole token was accepted: by the signature, by our reader and, where it
/// can read it, by libjwt.
struct KnownHeaders: ~Copyable {
    /// One for each key lately used, as `PublicKeyContexts` has them.
    static let headersMax = PublicKeyContexts.keysMax
    /// Of base64url; nobody's header needs more, and a longer one is read each time.
    static let bytesMax = 512

    /// What a header says.
    struct Meaning {
        /// Of the algorithm the header names.
        let key: VerificationKey
        /// Whether libjwt reads it: its `typ` and its algorithm.
        let isReadTwice: Bool
    }

    private struct Entry {
        let text: [UInt8]
        /// Held, so that no other issuer is ever found at its address.
        let issuer: TokenIssuer
        let meaning: Meaning
    }

    private var entries: [Entry] = []
    private var oldest = 0

    init() {}

    var count: Int { entries.count }

    /// What is known of this header from this issuer.
    func lookup(_ text: Span<UInt8>, _ issuer: TokenIssuer) -> Meaning? {
        for index in entries.indices where entries[index].issuer === issuer {
            let known = entries[index].text
            if areEqual(known.span, text) { return entries[index].meaning }
        }
        return nil
    }

    /// Keeps the header of an accepted token.
    mutating func remember(_ text: Span<UInt8>, _ issuer: TokenIssuer, _ meaning: Meaning) {
        guard text.count <= Self.bytesMax, lookup(text, issuer) == nil else { return }
        let copy = [UInt8](capacity: text.count) { out in
            for index in text.indices { out.append(text[index]) }
        }
        let entry = Entry(text: copy, issuer: issuer, meaning: meaning)
        if entries.count < Self.headersMax {
            entries.append(entry)
        } else {
            entries[oldest] = entry
            oldest = oldest + 1 == Self.headersMax ? 0 : oldest + 1
        }
    }
}
