import HTTP1
import Reactor
import Telemetry

/// Makes identifiers: time-ordered UUIDs (RFC 9562 §5.7) as PostgreSQL takes them. Made here and
/// not by the database, which has no function for them before version 18.
enum FreshID {
    static func make(now: WallClock = .now()) -> String {
        var random = [10 of UInt8](repeating: 0)
        var span = random.mutableSpan
        randomBytes(into: &span)
        let id = UUIDv7(milliseconds: now.milliseconds, random: random)
        var text = ByteBuffer(capacityMax: UUIDv7.textBytes)
        text.append(id)
        return String(decoding: text.bytes, as: UTF8.self)
    }
}

extension WallClock {
    /// Since 1970; 0 for a clock before that.
    var milliseconds: UInt64 {
        UInt64(max(0, seconds)) * 1000 + UInt64(nanoseconds) / 1_000_000
    }
}
