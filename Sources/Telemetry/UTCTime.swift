public import HTTP1

/// A moment as people read it: `2026-01-31T23:59:59.999Z` (RFC 3339 §5.6).
public struct UTCTime: Equatable, Sendable {
    /// Bytes of the text form.
    public static let textBytes = 24
    /// The last millisecond of the year 9999, the last one the form can hold.
    private static let millisecondsMax: UInt64 = 253_402_300_799_999

    private let milliseconds: UInt64

    /// - Parameter unixMilliseconds: times beyond the year 9999 become its end.
    public init(unixMilliseconds: UInt64) {
        milliseconds = min(unixMilliseconds, Self.millisecondsMax)
    }

    /// Proleptic Gregorian date of a day since 1970-01-01, by counting eras of 400 years from a
    /// March 1st, which puts the leap day last (H. Hinnant, "chrono-compatible date algorithms").
    var date: (year: UInt64, month: UInt64, day: UInt64) {
        let day = milliseconds / 86_400_000 + 719_468
        let era = day / 146_097
        let dayOfEra = day % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
            dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }

    var millisecondOfDay: UInt64 { milliseconds % 86_400_000 }
}

extension ByteBuffer {
    /// The 24 characters of `time`.
    public mutating func append(_ time: UTCTime) {
        let date = time.date
        let rest = time.millisecondOfDay
        var text = [24 of UInt8](repeating: UInt8(ascii: "Z"))
        write(date.year, to: &text, at: 0, digits: 4, then: UInt8(ascii: "-"))
        write(date.month, to: &text, at: 5, digits: 2, then: UInt8(ascii: "-"))
        write(date.day, to: &text, at: 8, digits: 2, then: UInt8(ascii: "T"))
        write(rest / 3_600_000, to: &text, at: 11, digits: 2, then: UInt8(ascii: ":"))
        write(rest / 60_000 % 60, to: &text, at: 14, digits: 2, then: UInt8(ascii: ":"))
        write(rest / 1_000 % 60, to: &text, at: 17, digits: 2, then: UInt8(ascii: "."))
        write(rest % 1_000, to: &text, at: 20, digits: 3, then: UInt8(ascii: "Z"))
        append(text.span)
    }
}

private func write(
    _ value: UInt64, to text: inout [24 of UInt8], at start: Int, digits: Int,
    then separator: UInt8
) {
    var rest = value
    for place in stride(from: start + digits - 1, through: start, by: -1) {
        text[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
    }
    text[start + digits] = separator
}
