import HTTP1

// The character set in which readers take what they are sent to be.
extension ContentType {
    /// What a reader decodes names and values as.
    enum Charset: Equatable {
        /// UTF-8, ASCII, or nothing is said of it.
        case utf8
        /// Another in which ASCII stays ASCII: names are read as the names they were judged as.
        case superset
        /// One in which other bytes may be a tenant's name, or in which ours is none.
        case other
    }

    /// What some reader decodes a query as because of a `Content-Type` field beside it, as Django
    /// does, with a body or without one. The field may say anything: no media type, or no single
    /// one.
    ///
    /// Go and Python take `charset*=` and `charset*0=` (RFC 2231) for `charset` too, and readers
    /// that look for the word find it in other names and in values. All of these are `.other`.
    static func charset(of value: Span<UInt8>) -> Charset {
        guard let place = value.index(ofWord: "charset") else { return .utf8 }
        var before = place
        while before > 0, value[before - 1] == 0x20 || value[before - 1] == 0x09 { before -= 1 }
        guard before > 0, value[before - 1] == UInt8(ascii: ";") else { return .other }
        var cursor = Cursor(value, from: place + 7)
        guard cursor.take(UInt8(ascii: "=")), let said = cursor.value(),
            value.extracting(cursor.position...).index(ofWord: "charset") == nil
        else { return .other }
        let isFollowed = cursor.skipToParameter()
        guard isFollowed || cursor.isAtEnd else { return .other }
        let name = value.extracting(said)
        for same: StaticString in ["utf-8", "utf8", "us-ascii", "ascii"]
        where name.equalsIgnoringCase(same) {
            return .utf8
        }
        return isSuperset(name) ? .superset : .other
    }

    /// ISO 8859 and the pages of Windows of one byte a letter; and `binary`, which `file --mime`
    /// says and no reader knows.
    private static func isSuperset(_ name: Span<UInt8>) -> Bool {
        for same: StaticString in ["latin1", "binary"] where name.equalsIgnoringCase(same) {
            return true
        }
        return isFamily(name)
    }

    private static func isFamily(_ name: Span<UInt8>) -> Bool {
        isPage(name, of: "iso-8859-", digitsMax: 2) || isPage(name, of: "windows-125", digitsMax: 1)
            || isPage(name, of: "cp125", digitsMax: 1)
    }

    private static func isPage(
        _ name: Span<UInt8>, of family: StaticString, digitsMax: Int
    ) -> Bool {
        let count = family.utf8CodeUnitCount
        guard name.count > count, name.count - count <= digitsMax,
            name.extracting(first: count).equalsIgnoringCase(family)
        else { return false }
        for index in count..<name.count where name[index] &- UInt8(ascii: "0") >= 10 {
            return false
        }
        return true
    }

    /// Whether the character set that a body is cleaned in is said of it.
    static func isUTF8(_ charset: Span<UInt8>) -> Bool {
        charset.equalsIgnoringCase("utf-8") || charset.equalsIgnoringCase("us-ascii")
    }

    /// Whether some reader takes a parameter that is not `charset` for it: one in the extended
    /// notation of RFC 2231, and one with the word in its name or value.
    static func isCharset(_ name: Span<UInt8>, _ value: Span<UInt8>) -> Bool {
        for index in name.indices where name[index] == UInt8(ascii: "*") { return true }
        return name.index(ofWord: "charset") != nil || value.index(ofWord: "charset") != nil
    }

    /// Whether readers that look for a word in a type, or at how it begins, may take it for a
    /// form's: Tornado reads `application/x-www-form-urlencoded+json` as fields.
    static func isLikeForm(_ text: Span<UInt8>) -> Bool {
        for word: StaticString in ["urlencoded", "form-data", "multipart"]
        where text.index(ofWord: word) != nil {
            return true
        }
        return false
    }
}

extension Span where Element == UInt8 {
    /// Where `word`, which is in lower case, first stands in the text, in any case.
    func index(ofWord word: StaticString) -> Int? {
        let length = word.utf8CodeUnitCount
        guard length > 0, count >= length else { return nil }
        let first = word.bytes[0]
        for index in 0...count - length where self[index] | 0x20 == first {
            if extracting(index..<index + length).equalsIgnoringCase(word) { return index }
        }
        return nil
    }
}
