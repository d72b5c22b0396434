import HTTP1

// What frameworks make of a part of a form because of its type.
extension ContentType {
    /// Whether some framework reads a part of this type into an object as it would read JSON,
    /// whatever the application's own clients send: Spring's `@RequestPart` and Jersey's
    /// `@FormDataParam` choose the reader by the part's type, and a file's name in front of it
    /// changes nothing. Nobody here can clean such an object.
    ///
    /// - Parameter value: what this type was read from.
    func isObject(_ value: Span<UInt8>) -> Bool {
        let text = value[essence]
        var slash = 0
        while slash < text.count, text[slash] != UInt8(ascii: "/") { slash += 1 }
        let subtype = text.extracting(min(slash + 1, text.count)..<text.count)
        // To JAX-RS a wildcard is compatible with whatever the reader takes.
        if text.extracting(0..<slash).equalsIgnoringCase("*") { return true }
        var suffix = subtype.count
        while suffix > 0, subtype[suffix - 1] != UInt8(ascii: "+") { suffix -= 1 }
        return Self.isObject(subtype) || Self.isObject(subtype.extracting(suffix...))
    }

    /// `xml`, and what stands behind the last `+` of `soap+xml`.
    private static func isObject(_ subtype: Span<UInt8>) -> Bool {
        var name = subtype
        for prefix: StaticString in ["x-", "vnd."] {
            let count = prefix.utf8CodeUnitCount
            if name.count > count, name.extracting(first: count).equalsIgnoringCase(prefix) {
                name = name.extracting(count...)
            }
        }
        for object: StaticString in [
            "*", "xml", "xml-dtd", "xml-external-parsed-entity", "wbxml", "fastinfoset", "yaml",
            "yml", "toml", "cbor", "cbor-seq", "smile", "jackson-smile", "msgpack", "messagepack",
            "bson", "ubjson", "ion", "amf", "hessian", "java-serialized-object", "avro",
            "avro-binary", "thrift", "protobuf", "google.protobuf", "google-protobuf", "proto",
            // Jackson's JAX-RS reader takes these for JSON (`JacksonJsonProvider`).
            "json", "javascript", "json5", "json-seq", "hjson",
            "www-form-urlencoded", "form-urlencoded", "graphql",
        ] where name.equalsIgnoringCase(object) {
            return true
        }
        return false
    }
}
