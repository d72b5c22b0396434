import HTTP1

/// What becomes of limits an upstream tells of itself: they are true besides ours, so they stay,
/// and ours are added; where there is room for one only, it is the stricter one.
struct UpstreamLimits: ~Copyable {
    /// Whether the upstream's `X-RateLimit-*` stand in place of ours.
    private(set) var replacesOurs = false

    /// - Parameter head: the upstream's, parsed from `bytes`.
    init(
        _ head: borrowing ResponseHead, _ bytes: Span<UInt8>, _ standings: borrowing LimitStandings
    ) {
        var remaining: UInt64?
        for index in 0..<head.fields.count where head.fields[index].known == .other {
            let field = head.fields[index]
            guard bytes[field.name].equalsIgnoringCase("X-RateLimit-Remaining") else { continue }
            guard remaining == nil, let value = Self.integer(bytes[field.value]) else { return }
            remaining = value
        }
        guard let remaining else { return }
        guard let tightest = standings.tightest else {
            replacesOurs = true
            return
        }
        replacesOurs = remaining < UInt64(standings[tightest].remaining)
    }

    /// Whether a field that we would write ourselves can be one of limits.
    static func mayPass(_ known: KnownField) -> Bool {
        known == .other || known == .rateLimit || known == .rateLimitPolicy
    }

    /// Whether a field that names limits passes.
    func passes(_ known: KnownField, name: Span<UInt8>, value: Span<UInt8>) -> Bool {
        switch known {
        case .rateLimit, .rateLimitPolicy:
            // A list of strings with parameters; the older forms would spoil ours behind them.
            return value.count > 0 && value[0] == UInt8(ascii: "\"")
                && !LimitHeaders.namesOurs(value)
        default:
            return replacesOurs
                && (name.equalsIgnoringCase("X-RateLimit-Limit")
                    || name.equalsIgnoringCase("X-RateLimit-Remaining")
                    || name.equalsIgnoringCase("X-RateLimit-Reset"))
        }
    }

    /// Digits alone; `nil` for anything else and for more than fit.
    static func integer(_ text: Span<UInt8>) -> UInt64? {
        guard text.count > 0, text.count <= 18 else { return nil }
        var value: UInt64 = 0
        for index in text.indices {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + UInt64(digit)  // 18 digits fit
        }
        return value
    }
}
