public import HTTP1

/// Where a tenant stands with its limit, in the whole seconds that fields carry. Seconds are
/// rounded up, so that who waits as told is admitted (attack R7).
public struct LimitStanding: Equatable, Sendable {
    public var limitPerMinute: UInt32
    public var remaining: UInt32
    /// Until the next place is free.
    public var resetSeconds: UInt32
    public var isAdmitted: Bool

    public init(limitPerMinute: UInt32, verdict: WindowVerdict) {
        self.limitPerMinute = limitPerMinute
        switch verdict {
        case .admitted(let remaining, let reset):
            self.remaining = remaining
            resetSeconds = Self.seconds(reset)
            isAdmitted = true
        case .refused(let retry):
            remaining = 0
            resetSeconds = max(Self.seconds(retry), 1)
            isAdmitted = false
        }
    }

    private static func seconds(_ nanoseconds: UInt64) -> UInt32 {
        let whole = nanoseconds / 1_000_000_000
        let isWhole = nanoseconds % 1_000_000_000 == 0
        return UInt32(clamping: isWhole ? whole : whole + 1)
    }
}

extension LimitHeaders {
    /// More than `write` and `writeRetryAfter` append together.
    public static let bytesMax = 320

    /// Appends the limit fields of a response, each with its line end
    /// (draft-ietf-httpapi-ratelimit-headers; `w` is the window in seconds).
    public func write(_ standing: LimitStanding, into out: inout ByteBuffer) {
        if rateLimit {
            out.append("RateLimit-Policy: \"tier\";q=")
            out.append(decimal: UInt64(standing.limitPerMinute))
            out.append(";w=60\r\nRateLimit: \"tier\";r=")
            out.append(decimal: UInt64(standing.remaining))
            out.append(";t=")
            out.append(decimal: UInt64(standing.resetSeconds))
            out.append("\r\n")
        }
        if xRateLimit {
            out.append("X-RateLimit-Limit: ")
            out.append(decimal: UInt64(standing.limitPerMinute))
            out.append("\r\nX-RateLimit-Remaining: ")
            out.append(decimal: UInt64(standing.remaining))
            out.append("\r\nX-RateLimit-Reset: ")
            out.append(decimal: UInt64(standing.resetSeconds))
            out.append("\r\n")
        }
    }

    /// Appends `Retry-After` of a refusal (RFC 9110 section 10.2.3), with its line end.
    public static func writeRetryAfter(_ standing: LimitStanding, into out: inout ByteBuffer) {
        out.append("Retry-After: ")
        out.append(decimal: UInt64(standing.resetSeconds))
        out.append("\r\n")
    }
}
