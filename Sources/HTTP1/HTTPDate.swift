/// The one date form that is written: IMF-fixdate (RFC 9110 section 5.6.7).
extension ByteBuffer {
    public static let dateBytes = 29

    /// Appends `seconds` after 1970-01-01T00:00:00Z, `Sun, 06 Nov 1994 08:49:37 GMT`. Times outside
    /// of the years 1970...9999, which the form cannot say, become the nearest one inside.
    public mutating func appendDate(epochSeconds seconds: Int64) {
        let seconds = min(max(seconds, 0), 253_402_300_799)
        let days = seconds / 86_400
        let second = seconds % 86_400
        let date = CivilDate(daysSinceEpoch: days)
        // 1970-01-01 was a Thursday.
        append(CivilDate.weekdays, place: (days + 4) % 7)
        append(", ")
        append(twoDigits: date.day)
        append(UInt8(ascii: " "))
        append(CivilDate.months, place: date.month - 1)
        append(UInt8(ascii: " "))
        append(twoDigits: date.year / 100)
        append(twoDigits: date.year % 100)
        append(UInt8(ascii: " "))
        append(twoDigits: second / 3600)
        append(UInt8(ascii: ":"))
        append(twoDigits: second / 60 % 60)
        append(UInt8(ascii: ":"))
        append(twoDigits: second % 60)
        append(" GMT")
    }

    private mutating func append(twoDigits value: Int64) {
        append(UInt8(ascii: "0") + UInt8(value / 10))
        append(UInt8(ascii: "0") + UInt8(value % 10))
    }

    /// The three letters at `place` of a run of abbreviations.
    private mutating func append(_ abbreviations: StaticString, place: Int64) {
        let start = Int(place) * 3
        append(abbreviations.bytes.extracting(start..<(start + 3)))
    }
}

private struct CivilDate {
    static let weekdays: StaticString = "SunMonTueWedThuFriSat"
    static let months: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"

    let year: Int64
    let month: Int64
    let day: Int64

    /// Counts in eras of 400 years that begin on 1 March, so that the leap day is the last of its
    /// year and every month length follows from one line (H. Hinnant, `civil_from_days`).
    init(daysSinceEpoch days: Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}
