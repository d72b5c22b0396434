/// Durations, sizes and rates as they are written in policies. Only whole numbers with a unit: no
/// signs, fractions, spaces or exponents, so that there is one way to read each.
enum Quantity {
    /// Digits without sign or leading zero (`0` itself aside); `nil` for anything else and for
    /// what does not fit.
    static func integer(_ digits: Substring.UTF8View) -> Int? {
        guard let first = digits.first, digits.count <= 18 else { return nil }
        guard first != UInt8(ascii: "0") || digits.count == 1 else { return nil }
        var value = 0
        for byte in digits {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)  // 18 digits fit
        }
        return value
    }

    static func integer(_ text: String) -> Int? { integer(text[...].utf8) }

    /// Milliseconds of `500ms`, `5s`, `1m`, `24h`.
    static func milliseconds(_ text: String) -> Int? {
        scaled(text, [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)])
    }

    /// Bytes of `4096`, `64KB` (1000 each) and `64KiB` (1024 each), up to giga.
    static func bytes(_ text: String) -> Int? {
        integer(text)
            ?? scaled(
                text,
                [
                    ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("KB", 1_000),
                    ("MB", 1_000_000), ("GB", 1_000_000_000),
                ])
    }

    /// Requests of `100/min`.
    static func perMinute(_ text: String) -> Int? { scaled(text, [("/min", 1)]) }

    /// Times of `200/s`.
    static func perSecond(_ text: String) -> Int? { scaled(text, [("/s", 1)]) }

    private static func scaled(_ text: String, _ units: [(suffix: String, scale: Int)]) -> Int? {
        for (suffix, scale) in units where text.utf8.elementsEqual(suffix.utf8) == false {
            guard text.hasSuffix(suffix) else { continue }
            guard let count = integer(text.dropLast(suffix.count).utf8) else { continue }
            let (value, overflow) = count.multipliedReportingOverflow(by: scale)
            return overflow ? nil : value
        }
        return nil
    }

    /// `milliseconds` in the largest unit that keeps it whole, for messages and docs.
    static func text(milliseconds value: Int) -> String {
        if value % 3_600_000 == 0, value > 0 { return "\(value / 3_600_000)h" }
        if value % 60_000 == 0, value > 0 { return "\(value / 60_000)m" }
        return value % 1_000 == 0 ? "\(value / 1_000)s" : "\(value)ms"
    }

    /// `bytes` in the largest unit that keeps it whole.
    static func text(bytes value: Int) -> String {
        if value % (1 << 20) == 0, value > 0 { return "\(value >> 20)MiB" }
        if value % (1 << 10) == 0, value > 0 { return "\(value >> 10)KiB" }
        return "\(value)"
    }
}
