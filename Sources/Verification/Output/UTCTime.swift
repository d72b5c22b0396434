/// Seconds since 1970 as people and SARIF write them (RFC 3339), without a time zone's rules.
enum UTCTime {
    /// `2026-11-22T00:15:00Z`.
    static func text(_ seconds: Int64) -> String {
        let clamped = min(max(seconds, 0), 253_402_300_799)
        let (days, rest) = clamped.quotientAndRemainder(dividingBy: 86_400)
        return "\(day(days))T\(two(rest / 3_600)):\(two(rest / 60 % 60)):\(two(rest % 60))Z"
    }

    /// `2026-11-22`, the day of a moment.
    static func date(_ seconds: Int64) -> String { String(text(seconds).prefix(10)) }

    /// Of days since 1970-01-01, in the Gregorian calendar: months from March, so that the leap day
    /// is the last of a year.
    private static func day(_ days: Int64) -> String {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let ofEra = shifted % 146_097
        let yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * ofYear + 2) / 153
        let dayOfMonth = ofYear - (153 * month + 2) / 5 + 1
        let number = month < 10 ? month + 3 : month - 9
        let year = yearOfEra + era * 400 + (number <= 2 ? 1 : 0)
        let digits = String(year)
        let zeros = String(repeating: "0", count: max(0, 4 - digits.count))
        return "\(zeros)\(digits)-\(two(number))-\(two(dayOfMonth))"
    }

    private static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
