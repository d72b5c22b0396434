import JSON
import Policy
import Reactor

/// `tenant` and `key`: what a vendor does to its tenants, through the gateway.
struct VendorCommand {
    private let client: VendorClient
    private let isJSON: Bool

    /// `tenant create|list|show|suspend|resume|tier|domain`.
    static func tenant(_ words: inout Words) -> Int32 {
        run(&words) { (command, words) throws(Misuse) in
            switch words.next() {
            case "create": return try command.create(&words)
            case "list": return try command.list(&words)
            case "show": return try command.show(&words)
            case "suspend": return try command.setState("suspended", &words)
            case "resume": return try command.setState("active", &words)
            case "tier": return try command.setTier(&words)
            case "domain": return try command.setDomain(&words)
            default:
                throw Misuse(
                    message: "tenant has the commands create, list, show, suspend, resume, tier "
                        + "and domain")
            }
        }
    }

    /// `key create|list|revoke` of tenants' API keys.
    static func key(_ words: inout Words) -> Int32 {
        run(&words) { (command, words) throws(Misuse) in
            switch words.next() {
            case "create": return try command.createKey(&words)
            case "list": return try command.listKeys(&words)
            case "revoke": return try command.revokeKey(&words)
            default: throw Misuse(message: "key has the commands create, list and revoke")
            }
        }
    }

    /// What is to be asked, and how its answer is shown.
    private typealias Errand = () throws(ToolFault) -> Int32

    private static func run(
        _ words: inout Words,
        _ choose: (VendorCommand, inout Words) throws(Misuse) -> Errand
    ) -> Int32 {
        do throws(Misuse) {
            let isJSON = words.flag("--json")
            let command = VendorCommand(client: try VendorClient(&words), isJSON: isJSON)
            let errand = try choose(command, &words)
            try words.end()
            do throws(ToolFault) {
                return try errand()
            } catch {
                return GatewayProgram.complain(error.message, GatewayProgram.Exit.unreachable)
            }
        } catch {
            return GatewayProgram.misuse(error)
        }
    }

    /// A tenant's name, which is a part of the path.
    private func tenant(_ words: inout Words) throws(Misuse) -> String {
        guard let name = words.next(), ExternalID(name, format: .opaque) != nil else {
            throw Misuse(message: "name a tenant by its external id")
        }
        return name
    }

    // MARK: - Tenants

    private func create(_ words: inout Words) throws(Misuse) -> Errand {
        let id = try tenant(&words)
        let tier = try words.required("--tier")
        let name = try words.option("--name") ?? id
        let requests = try words.option("--requests")
        var body = JSONWriter()
        body.beginObject()
        body.member("external_id", id)
        body.member("name", name)
        body.member("tier", tier)
        Self.add(limit: requests, to: &body)
        body.endObject()
        let bytes = body.bytes
        return { () throws(ToolFault) in
            try show(try client.send("POST", "/v1/tenants", bytes), as: VendorAnswer.tenant)
        }
    }

    private static func add(limit: String?, to body: inout JSONWriter) {
        guard let limit else { return }
        body.key("limits")
        guard limit != "none" else { return body.null() }
        body.beginObject()
        body.member("requests", limit)
        body.endObject()
    }

    /// All pages of a list, one object of `data` as programs are shown it.
    private func list(_ words: inout Words) throws(Misuse) -> Errand {
        { () throws(ToolFault) in try listAll("/v1/tenants", VendorAnswer.tenantColumns) }
    }

    private func show(_ words: inout Words) throws(Misuse) -> Errand {
        let id = try tenant(&words)
        return { () throws(ToolFault) in
            try show(try client.send("GET", "/v1/tenants/\(id)"), as: VendorAnswer.tenant)
        }
    }

    private func setState(
        _ state: String, _ words: inout Words
    ) throws(Misuse) -> Errand {
        let id = try tenant(&words)
        return change(id) { body in body.member("state", state) }
    }

    private func setTier(_ words: inout Words) throws(Misuse) -> Errand {
        let id = try tenant(&words)
        guard let tier = words.next() else { throw Misuse(message: "name the tier") }
        let requests = try words.option("--requests")
        return change(id) { body in
            body.member("tier", tier)
            Self.add(limit: requests, to: &body)
        }
    }

    private func change(
        _ id: String, _ fill: (inout JSONWriter) -> Void
    ) -> Errand {
        var body = JSONWriter()
        body.beginObject()
        fill(&body)
        body.endObject()
        let bytes = body.bytes
        return { () throws(ToolFault) in
            try show(
                try client.send("PATCH", "/v1/tenants/\(id)", bytes), as: VendorAnswer.tenant)
        }
    }

    /// Domains are set as a whole, so those that are there are asked for first.
    private func setDomain(_ words: inout Words) throws(Misuse) -> Errand {
        let verb = words.next()
        guard verb == "add" || verb == "remove" else {
            throw Misuse(message: "tenant domain takes add or remove, a tenant and a domain")
        }
        let id = try tenant(&words)
        guard let domain = words.next() else { throw Misuse(message: "name the domain") }
        return { () throws(ToolFault) in
            let now = try client.send("GET", "/v1/tenants/\(id)")
            guard now.isSuccess else { return try show(now, as: VendorAnswer.tenant) }
            var domains = VendorAnswer.texts("/domains", of: now.body).filter { $0 != domain }
            if verb == "add" { domains.append(domain) }
            var body = JSONWriter()
            body.beginObject()
            body.key("domains")
            body.beginArray()
            for domain in domains { body.string(domain) }
            body.endArray()
            body.endObject()
            return try show(
                try client.send("PATCH", "/v1/tenants/\(id)", body.bytes),
                as: VendorAnswer.tenant)
        }
    }

    // MARK: - Keys

    private func createKey(_ words: inout Words) throws(Misuse) -> Errand {
        let id = try tenant(&words)
        let name = try words.option("--name") ?? "key"
        let expires = try words.option("--expires")
        let role = try words.option("--role")
        var scopes: [String] = []
        while let scope = try words.option("--scope") { scopes.append(scope) }
        var body = JSONWriter()
        body.beginObject()
        body.member("name", name)
        if !scopes.isEmpty {
            body.key("scopes")
            body.beginArray()
            for scope in scopes { body.string(scope) }
            body.endArray()
        }
        if let role { body.member("role", role) }
        if let expires { body.member("expires_at", expires) }
        body.endObject()
        let bytes = body.bytes
        return { () throws(ToolFault) in
            let answer = try client.send("POST", "/v1/tenants/\(id)/keys", bytes)
            guard !isJSON, answer.isSuccess, let key = VendorAnswer.text("/key", of: answer.body)
            else { return try show(answer, as: VendorAnswer.key) }
            write("this is the only time the key is shown\n", to: .error)
            if !write(key + "\n", to: .output) {
                let name = VendorAnswer.text("/id", of: answer.body) ?? "?"
                write("it could not be shown: revoke it, it is \(name)\n", to: .error)
            }
            return GatewayProgram.Exit.fine
        }
    }

    private func listKeys(_ words: inout Words) throws(Misuse) -> Errand {
        let id = try tenant(&words)
        return { () throws(ToolFault) in
            try listAll("/v1/tenants/\(id)/keys", VendorAnswer.keyColumns)
        }
    }

    private func revokeKey(_ words: inout Words) throws(Misuse) -> Errand {
        let id = try tenant(&words)
        guard let key = words.next(),
            key.utf8.allSatisfy({ $0 == 0x2D || VendorAnswer.isPlain($0) })
        else { throw Misuse(message: "name the key by its id") }
        return { () throws(ToolFault) in
            let answer = try client.send("DELETE", "/v1/tenants/\(id)/keys/\(key)")
            guard answer.isSuccess else { return try show(answer, as: VendorAnswer.key) }
            if !isJSON { write("revoked\n", to: .output) }
            return GatewayProgram.Exit.fine
        }
    }

    // MARK: - Answers

    private func listAll(
        _ path: String, _ columns: [VendorAnswer.Column]
    ) throws(ToolFault) -> Int32 {
        var items: [[UInt8]] = []
        var cursor: String?
        // A server that always has another page is broken.
        for _ in 0..<VendorAnswer.pagesMax {
            let answer = try client.send("GET", path + (cursor.map { "?cursor=\($0)" } ?? ""))
            guard answer.isSuccess else { return try show(answer, as: VendorAnswer.tenant) }
            items += VendorAnswer.items(of: answer.body)
            cursor = VendorAnswer.text("/next_cursor", of: answer.body)
            guard let next = cursor, next.utf8.allSatisfy(VendorAnswer.isPlain) else { break }
        }
        if isJSON {
            var out = JSONWriter()
            out.beginObject()
            out.key("data")
            out.beginArray()
            for item in items { out.raw(item.span) }
            out.endArray()
            out.endObject()
            write(String(decoding: out.bytes, as: UTF8.self) + "\n", to: .output)
        } else {
            let rows = items.map { item in columns.map { VendorAnswer.cell($0, of: item) } }
            write(TextTable.text([columns.map(\.title)] + rows, indent: ""), to: .output)
        }
        return GatewayProgram.Exit.fine
    }

    /// One object, or why there is none.
    private func show(
        _ answer: VendorClient.Answer, as columns: [VendorAnswer.Column]
    ) throws(ToolFault) -> Int32 {
        guard answer.isSuccess else {
            if isJSON {
                write(String(decoding: answer.body, as: UTF8.self) + "\n", to: .error)
            } else {
                let code = VendorAnswer.text("/code", of: answer.body) ?? "\(answer.status)"
                let title = VendorAnswer.text("/title", of: answer.body) ?? "refused"
                let detail = VendorAnswer.text("/detail", of: answer.body).map { ": \($0)" } ?? ""
                let message = "\(code): \(title)\(detail)".printableText
                write("ringfence-gateway: \(message)\n", to: .error)
            }
            return GatewayProgram.Exit.found
        }
        if isJSON {
            write(String(decoding: answer.body, as: UTF8.self) + "\n", to: .output)
        } else {
            let rows = columns.map {
                [$0.title.lowercased(), VendorAnswer.cell($0, of: answer.body)]
            }
            write(TextTable.text(rows, indent: ""), to: .output)
        }
        return GatewayProgram.Exit.fine
    }
}

/// What the backend answers, for people.
enum VendorAnswer {
    struct Column {
        var title: String
        /// A JSON Pointer.
        var pointer: String
    }

    static let pagesMax = 10_000

    static let tenantColumns = [
        Column(title: "TENANT", pointer: "/external_id"), Column(title: "NAME", pointer: "/name"),
        Column(title: "TIER", pointer: "/tier"), Column(title: "STATE", pointer: "/state"),
        Column(title: "REQUESTS", pointer: "/limits/requests"),
        Column(title: "DOMAINS", pointer: "/domains"),
    ]
    static let tenant =
        tenantColumns + [
            Column(title: "FEATURES", pointer: "/features"), Column(title: "ID", pointer: "/id"),
            Column(title: "CREATED", pointer: "/created_at"),
        ]
    static let keyColumns = [
        Column(title: "ID", pointer: "/id"), Column(title: "NAME", pointer: "/name"),
        Column(title: "SCOPES", pointer: "/scopes"), Column(title: "ROLE", pointer: "/role"),
        Column(title: "CREATED", pointer: "/created_at"),
        Column(title: "EXPIRES", pointer: "/expires_at"),
        Column(title: "REVOKED", pointer: "/revoked_at"),
    ]
    static let key = keyColumns

    static func isPlain(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
    }

    static func text(_ pointer: String, of body: [UInt8]) -> String? {
        texts(pointer, of: body).first
    }

    /// A text, or the items of a list.
    static func texts(_ pointer: String, of body: [UInt8]) -> [String] {
        var document = JSONDocument()
        guard (try? document.parse(body.span)) != nil else { return [] }
        let view = document.view(of: body.span)
        guard let node = view.node(at: pointer.utf8Span.span) else { return [] }
        switch view.kind(of: node) {
        case .array:
            var found: [String] = []
            var items = view.children(of: node)
            while let item = items.next() {
                if let text = view.string(at: item) {
                    found.append(String(decoding: text, as: UTF8.self))
                }
            }
            return found
        case .string: return [String(decoding: view.string(at: node) ?? [], as: UTF8.self)]
        case .number, .boolean:
            return [String(decoding: copy(view.rawLexeme(of: node)), as: UTF8.self)]
        case .null, .object: return []
        }
    }

    static func cell(_ column: Column, of body: [UInt8]) -> String {
        let texts = texts(column.pointer, of: body)
        return texts.isEmpty ? "-" : texts.joined(separator: ", ").printableText
    }

    /// The items of `data`, as they were written.
    static func items(of body: [UInt8]) -> [[UInt8]] {
        var document = JSONDocument()
        guard (try? document.parse(body.span)) != nil else { return [] }
        let view = document.view(of: body.span)
        guard let data = view.member(of: view.root, named: "data") else { return [] }
        var found: [[UInt8]] = []
        var items = view.children(of: data)
        while let item = items.next() { found.append(copy(view.rawLexeme(of: item))) }
        return found
    }
}
