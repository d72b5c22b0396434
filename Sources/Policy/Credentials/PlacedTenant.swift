public import HTTP1
import JSON

/// What a request says about its tenant where no credential does, on the way to one tenant that is
/// known.
public struct PlacedTenant {
    /// What decides how much of a request is believed.
    public struct Trust: Sendable {
        /// Index in `GatewayPolicy.vendors`: whose tenants names mean.
        public var vendor: Int
        /// Whether headers and cookies are read: a verified caller sent them, or a trusted proxy.
        public var readsHeaders: Bool
        /// Whether a verified caller names the tenant, who then speaks for one vendor only.
        public var isCaller: Bool

        public init(vendor: Int, readsHeaders: Bool, isCaller: Bool) {
            self.vendor = vendor
            self.readsHeaders = readsHeaders
            self.isCaller = isCaller
        }
    }

    private let directory: TenantDirectory
    private let trust: Trust
    /// Whether it may be another vendor's than `trust.vendor`: the upstream is told whose.
    private let isAnyones: Bool
    private(set) var found: TenantDirectory.Found?

    init(_ directory: TenantDirectory, _ trust: Trust, isAnyones: Bool) {
        self.directory = directory
        self.trust = trust
        self.isAnyones = isAnyones
    }

    /// - Throws: `tenant.not_found`, `tenant.ambiguous`.
    mutating func take(name: Span<UInt8>) throws(Refusal) {
        guard let tenant = directory.tenant(vendor: trust.vendor, externalID: name) else {
            throw .tenantNotFound
        }
        try take(tenant)
    }

    /// - Throws: `tenant.not_found` for another vendor's, `tenant.ambiguous`.
    mutating func take(_ tenant: TenantDirectory.Found) throws(Refusal) {
        guard let owner = tenant.vendor, owner == trust.vendor || isAnyones else {
            throw .tenantNotFound
        }
        guard found == nil || found?.number == tenant.number else { throw .tenantAmbiguous }
        found = tenant
    }
}

/// A short text with percent-encodings undone; for names, which are at most 128 bytes.
struct DecodedName: ~Copyable {
    private var bytes = InlineArray<128, UInt8>(repeating: 0)
    private var count = 0
    /// It is longer than any name.
    let isTooLong: Bool

    init(_ text: Span<UInt8>) {
        var index = 0
        while index < text.count, count < 128 {
            let (byte, next) = PercentCoding.decode(text, at: index)
            bytes[count] = byte
            count += 1
            index = next
        }
        isTooLong = index < text.count
    }

    var span: Span<UInt8> {
        @_lifetime(borrow self)
        get { bytes.span.extracting(0..<count) }
    }
}

extension RouteRule {
    /// Whether the tenant is named in the body, which then has to be read first.
    public var namesTenantInBody: Bool { policy.tenantFrom.contains { $0.isInBody } }

    /// The one tenant that the places of the route name.
    ///
    /// - Parameters:
    ///   - bodyName: what the body says; `nil` where it says nothing or is not asked.
    /// - Throws: `directory.unavailable`, `tenant.unnamed`, `tenant.ambiguous` where two places
    ///   name two tenants, `tenant.not_found`.
    public func placedTenant(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ trust: PlacedTenant.Trust,
        _ hosts: HostTenancy, _ directory: TenantDirectory, bodyName: Span<UInt8>?
    ) throws(Refusal) -> TenantDirectory.Found {
        guard directory.isAvailable else { throw .directoryUnavailable }
        var tenant = PlacedTenant(
            directory, trust, isAnyones: vendor == nil && !trust.isCaller)
        for place in policy.tenantFrom {
            switch place {
            case .host: try readHost(head, bytes, hosts, directory, &tenant)
            case .path: try readPath(bytes[head.target.path], &tenant)
            case .header(let name):
                if trust.readsHeaders { try readHeader(name, head, bytes, &tenant) }
            case .cookie(let name):
                if trust.readsHeaders { try readCookie(name, head, bytes, &tenant) }
            case .query(let name):
                if let query = head.target.query { try readQuery(name, bytes[query], &tenant) }
            case .json:
                if let bodyName { try tenant.take(name: bodyName) }
            case .fallback(let name):
                if tenant.found == nil { try tenant.take(name: name.bytes.span) }
            }
        }
        guard let found = tenant.found else { throw .tenantUnnamed }
        return found
    }

    /// What a whole JSON body says of its tenant, where the route asks it; `nil` where it says
    /// nothing.
    ///
    /// - Throws: `request.body.malformed`; `tenant.unnamed` for anything but text.
    public func tenantName(inBody bytes: Span<UInt8>) throws(Refusal) -> [UInt8]? {
        var found: [UInt8]?
        for place in policy.tenantFrom {
            guard case .json(let pointer) = place else { continue }
            var document = JSONDocument()
            do throws(JSONDefect) {
                try document.parse(bytes, limits: JSONBodyRule.limits(bytes.count))
            } catch {
                throw .requestBodyMalformed
            }
            let view = document.view(of: bytes)
            guard let node = view.node(at: pointer) else { continue }
            guard view.kind(of: node) == .string, let name = view.string(at: node) else {
                throw .tenantUnnamed
            }
            guard found == nil || found == name else { throw .tenantAmbiguous }
            found = name
        }
        return found
    }

    private func readHost(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ hosts: HostTenancy,
        _ directory: TenantDirectory, _ tenant: inout PlacedTenant
    ) throws(Refusal) {
        let host = RouteHost(bytes[head.authority ?? .empty])
        switch hosts.owner(of: host.name, directory) {
        case .nobody: return
        case .named(let name): try tenant.take(name: host.name.extracting(name))
        case .domain(let found): try tenant.take(found)
        }
    }

    private func readPath(
        _ path: Span<UInt8>, _ tenant: inout PlacedTenant
    ) throws(Refusal) {
        var number = 0
        var start = 1
        while start <= path.count {
            var end = start
            while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
            if self.path.segments.contains(number) {
                let segment = path.extracting(start..<end)
                let name = segment.extracting(0..<RouteTable.endOfName(segment))
                try take(DecodedName(name), &tenant)
            }
            number += 1
            start = end + 1
        }
    }

    private func take(
        _ name: borrowing DecodedName, _ tenant: inout PlacedTenant
    ) throws(Refusal) {
        guard !name.isTooLong else { throw .tenantNotFound }
        try tenant.take(name: name.span)
    }

    private func readHeader(
        _ name: String, _ head: borrowing RequestHead, _ bytes: Span<UInt8>,
        _ tenant: inout PlacedTenant
    ) throws(Refusal) {
        let wanted = [UInt8](name.utf8)
        for index in 0..<head.fields.count {
            let field = head.fields[index]
            guard bytes[field.name].equalsIgnoringCase(wanted.span) else { continue }
            try tenant.take(name: bytes[field.value])
        }
    }

    private func readCookie(
        _ name: String, _ head: borrowing RequestHead, _ bytes: Span<UInt8>,
        _ tenant: inout PlacedTenant
    ) throws(Refusal) {
        let wanted = [UInt8](name.utf8)
        var next = head.fields.index(of: .cookie)
        while let index = next {
            let value = bytes[head.fields[index].value]
            var position = 0
            while let pair = CookiePair(value, &position) {
                guard value.extracting(pair.name).equals(wanted.span) else { continue }
                try tenant.take(name: value.extracting(pair.value))
            }
            next = head.fields.index(of: .cookie, from: index + 1)
        }
    }

    /// Exactly the parameter of this name; other spellings of it are only taken out.
    private func readQuery(
        _ name: String, _ query: Span<UInt8>, _ tenant: inout PlacedTenant
    ) throws(Refusal) {
        let wanted = [UInt8](name.utf8)
        var start = 0
        while start < query.count {
            var end = start
            var equals = -1
            while end < query.count, query[end] != UInt8(ascii: "&") {
                if equals < 0, query[end] == UInt8(ascii: "=") { equals = end }
                end += 1
            }
            let nameEnd = equals < 0 ? end : equals
            if QueryRule.decodes(query.extracting(start..<nameEnd), to: wanted) {
                let value = query.extracting(min(nameEnd + 1, end)..<end)
                try take(DecodedName(value), &tenant)
            }
            start = end + 1
        }
    }
}

/// One cookie of a `Cookie` field, read strictly: `name=value`, pairs apart by `;` (RFC 6265
/// section 5.4).
public struct CookiePair {
    public let name: Range<Int>
    public let value: Range<Int>

    /// The next pair from `position` on, which moves behind it; `nil` behind the last.
    public init?(_ field: Span<UInt8>, _ position: inout Int) {
        while position < field.count {
            var start = position
            var end = position
            while end < field.count, field[end] != UInt8(ascii: ";") { end += 1 }
            position = end + 1
            while start < end, Self.isSpace(field[start]) { start += 1 }
            while end > start, Self.isSpace(field[end - 1]) { end -= 1 }
            guard start < end else { continue }
            var equals = start
            while equals < end, field[equals] != UInt8(ascii: "=") { equals += 1 }
            var nameEnd = equals
            while nameEnd > start, Self.isSpace(field[nameEnd - 1]) { nameEnd -= 1 }
            var valueStart = min(equals + 1, end)
            while valueStart < end, Self.isSpace(field[valueStart]) { valueStart += 1 }
            name = start..<nameEnd
            value = valueStart..<end
            return
        }
        return nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
