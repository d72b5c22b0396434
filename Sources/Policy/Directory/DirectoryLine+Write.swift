internal import JSON

extension DirectoryLine {
    /// Appends the line with its line end.
    public func append(to bytes: inout [UInt8]) {
        JSONWriter.append(to: &bytes) { writer in
            writer.beginObject()
            switch self {
            case .copy(let asOf, let feed, let sizes):
                writer.member("copy", DirectoryLineReader.copyFormat)
                writer.member("as_of", asOf)
                writer.member("of", feed.span)
                Self.write(sizes, &writer)
            case .section(let section): Self.write(section, &writer)
            case .change(let version, let change):
                if let version { writer.member("v", version) }
                Self.write(change, &writer)
            case .end(let version, let hasMore):
                writer.member("end", version)
                writer.member("more", hasMore)
            case .sum(let digest): writer.member("sum", digest.span)
            }
            writer.endObject()
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    private static func write(_ sizes: DirectorySizes, _ writer: inout JSONWriter) {
        writer.member("tenants", sizes.tenants)
        writer.member("domains", sizes.domains)
        writer.member("keys", sizes.keys)
        writer.member("revocations", sizes.revocations)
        writer.member("text_bytes", sizes.textBytes)
    }

    private static func write(_ section: DirectorySection, _ writer: inout JSONWriter) {
        writer.member("feed", DirectoryLineReader.format)
        writer.member("vendor", section.vendor.span)
        writer.member("head", section.head)
        writer.member("mark", section.mark.span)
        if section.isReset {
            writer.member("reset", true)
            write(section.sizes, &writer)
        }
    }

    private static func write(_ change: DirectoryChange, _ writer: inout JSONWriter) {
        switch change {
        case .tenant(let facts):
            writer.member("tenant", facts.id.text)
            writer.member("name", facts.externalID.bytes.span)
            writer.member("tier", facts.tier.span)
            writer.member("state", facts.state.rawValue)
            if let requests = facts.requests { writer.member("requests", Int64(requests)) }
            if facts.voidBefore > 0 { writer.member("void_before", facts.voidBefore) }
            write("domains", facts.domains, &writer)
            write("features", facts.features, &writer)
        case .key(let facts):
            writer.member("key", facts.id.bytes.span)
            writer.member("tenant", facts.tenant.text)
            writer.member("digest", facts.digest.hexadecimal.span)
            write("scopes", facts.scopes, &writer)
            if let role = facts.role { writer.member("role", role.span) }
            if facts.expires != .max { writer.member("expires", facts.expires) }
            if facts.isRevoked { writer.member("revoked", true) }
        case .revocation(let facts):
            writer.member("revoked_token", facts.token.hexadecimal.span)
            writer.member("tenant", facts.tenant.text)
            writer.member("expires", facts.expires)
        }
    }

    private static func write(_ name: String, _ set: [[UInt8]], _ writer: inout JSONWriter) {
        guard !set.isEmpty else { return }
        writer.key(name)
        writer.beginArray()
        for item in set.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            writer.string(item.span)
        }
        writer.endArray()
    }
}
