/// Bytes to clean, the same in every run and on every machine.
struct Corpus {
    let name: String
    let contentType: String
    let bytes: [UInt8]
    /// Keys, fields or parts in it.
    let names: Int

    init(_ name: String, _ text: Text, as contentType: String = "application/json") {
        self.name = name
        self.contentType = contentType
        bytes = text.bytes
        names = text.names
    }

    var checksum: UInt64 { Self.checksum(of: bytes) }

    /// FNV-1a, 64 bits.
    static func checksum(of bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }

    private static let form = "application/x-www-form-urlencoded"
    private static let multipart = "multipart/form-data; boundary=XyZ0123456789"

    static let all: [Corpus] = [
        Corpus("text 64 KB", .document(of: 65_536) { $0.article(words: Words.english) }),
        Corpus("text 1 MB", .document(of: 1_000_000) { $0.article(words: Words.english) }),
        Corpus("text, German", .document(of: 65_536) { $0.article(words: Words.german) }),
        Corpus(
            "text, Chinese", .document(of: 65_536) { $0.article(words: Words.chinese, gap: "") }),
        Corpus("keys 64 KB", .document(of: 65_536) { $0.record() }),
        Corpus("keys 1 MB", .document(of: 1_000_000) { $0.record() }),
        Corpus("keys of one object", .object(of: 65_536)),
        Corpus("keys almost the tenant's", .document(of: 65_536) { $0.decoys() }),
        Corpus("numbers", .document(of: 65_536) { $0.numbers() }),
        Corpus("nested", .document(of: 65_536) { $0.nest() }),
        Corpus("POST 1 KB", .order(of: 1_024)),
        Corpus("POST 1 KB, tenant", .order(of: 1_024, tenant: "mallory")),
        Corpus("form 1 KB", .form(of: 1_024), as: form),
        Corpus("form 16 KB", .form(of: 16_384), as: form),
        Corpus("multipart 4 KB", .parts(of: 4_096), as: multipart),
        Corpus("multipart 64 KB", .parts(of: 65_536), as: multipart),
    ]
}

/// What the corpora are written with.
enum Words {
    static let english =
        """
        the customer asked whether an order that left the warehouse on Monday could still be sent \
        to another address and we answered that it depends on who carries it
        """.split(separator: " ").map(String.init)
    static let german =
        """
        der Kunde fragte ob eine Bestellung die das Lager schon verlassen hat noch an eine andere \
        Straße geschickt werden könne und wir erklärten daß es möglich für Händler wäre
        """.split(separator: " ").map(String.init)
    static let chinese = [
        "客户", "询问", "星期一", "离开", "仓库", "的", "订单", "是否", "仍然", "可以", "寄到", "另一个", "地址",
    ]
    /// Keys as APIs have them; none names a tenant.
    static let keys = [
        "id", "sku", "name", "status", "price", "amount", "currency", "quantity", "created_at",
        "updatedAt", "line_items", "discount", "unit_price", "customer_no", "description", "active",
        "weight", "tax_rate", "note", "total", "email", "reference", "position", "identifier",
    ]
    /// Keys with all letters of a tenant's name, which no shortcut knows to be clean.
    static let decoys = [
        "attendance", "entangled", "tenantry_x", "organ_idol", "discount_an", "penitential",
        "account_hidden", "entertaining",
    ]
}

/// Text that is being written, with a random generator of its own (SplitMix64).
struct Text {
    private(set) var bytes: [UInt8] = []
    private(set) var names = 0
    private var state: UInt64 = 0x5eed

    private mutating func random(below bound: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return Int((mixed ^ mixed >> 31) % UInt64(bound))
    }

    private mutating func pick(_ list: [String]) -> String { list[random(below: list.count)] }

    private mutating func append(_ text: String) { bytes += text.utf8 }

    private mutating func key(_ name: String) {
        append("\"\(name)\":")
        names += 1
    }

    /// An array of whatever `element` writes, of about `count` bytes.
    static func document(of count: Int, _ element: (inout Text) -> Void) -> Text {
        var text = Text()
        text.append("[")
        repeat {
            if text.bytes.count > 1 { text.append(",") }
            element(&text)
        } while text.bytes.count < count
        text.append("]")
        return text
    }

    /// An object with a title and a long text that has an escape in every other line.
    mutating func article(words: [String], gap: String = " ") {
        append("{")
        key("title")
        append("\"\(pick(words)) \(pick(words))\",")
        key("text")
        append("\"")
        for word in 1...200 + random(below: 400) {
            append(pick(words))
            append(word % 24 == 0 ? "\\n" : word % 97 == 0 ? " \\\"yes\\\" " : gap)
        }
        append("\"}")
    }

    private mutating func shortValue() {
        switch random(below: 6) {
        case 0: append("true")
        case 1: append("null")
        case 2: append("\"shipped\"")
        case 3: append("\"2026-11-21T09:30Z\"")
        default: append("\(random(below: 10_000_000)).\(10 + random(below: 90))")
        }
    }

    /// An object with a key every 20 bytes.
    mutating func record() {
        append("{")
        let first = random(below: Words.keys.count)
        for turn in 0..<8 {
            if turn > 0 { append(",") }
            key(Words.keys[(first + turn * 5) % Words.keys.count])
            shortValue()
        }
        append("}")
    }

    mutating func decoys() {
        append("{")
        for turn in Words.decoys.indices {
            if turn > 0 { append(",") }
            key(Words.decoys[turn])
            append("\(random(below: 100))")
        }
        append("}")
    }

    /// One object with all keys in it.
    static func object(of count: Int) -> Text {
        var text = Text()
        text.append("{")
        while text.bytes.count < count {
            if text.names > 0 { text.append(",") }
            text.key("\(text.pick(Words.keys))_\(text.names)")
            text.append("\(text.random(below: 100_000))")
        }
        text.append("}")
        return text
    }

    mutating func numbers() {
        append("[")
        for turn in 0..<16 {
            if turn > 0 { append(",") }
            append("\(random(below: 2_000_000) - 1_000_000).\(random(below: 1_000_000))")
            if turn % 5 == 0 { append("e-\(1 + random(below: 30))") }
        }
        append("]")
    }

    /// Sixty containers inside each other, objects and arrays in turn.
    mutating func nest() {
        for _ in 0..<30 {
            append("{")
            key("a")
            append("[")
        }
        append("1")
        for _ in 0..<30 { append("]}") }
    }

    /// An order as shops send one, of about `count` bytes.
    static func order(of count: Int, tenant: String? = nil) -> Text {
        var text = Text()
        text.append("{")
        text.key("order_id")
        text.append("\"ord_2026_000815\",")
        if let tenant {
            text.key("tenantId")
            text.append("\"\(tenant)\",")
        }
        text.key("customer")
        text.append("{")
        text.key("name")
        text.append("\"Ada Lovelace\",")
        text.key("email")
        text.append("\"ada@example.com\",")
        text.key("street")
        text.append("\"12 Example Road\"},")
        text.key("items")
        text.append("[")
        while text.bytes.count < count - 140 {
            if text.bytes.last == UInt8(ascii: "}") { text.append(",") }
            text.append("{")
            text.key("sku")
            text.append("\"SKU-\(text.random(below: 90_000))\",")
            text.key("quantity")
            text.append("\(1 + text.random(below: 9)),")
            text.key("unit_price")
            text.append("\(text.random(below: 200)).95,")
            text.key("description")
            text.append("\"\(text.pick(Words.english)) \(text.pick(Words.english))\"}")
        }
        text.append("],")
        text.key("currency")
        text.append("\"EUR\",")
        text.key("note")
        text.append("\"")
        while text.bytes.count < count - 2 { text.append("x") }
        text.append("\"}")
        return text
    }

    static func form(of count: Int) -> Text {
        var text = Text()
        while text.bytes.count < count {
            if text.names > 0 { text.append("&") }
            text.append("\(text.pick(Words.keys))=\(text.pick(Words.english))+%C3%A4")
            text.names += 1
        }
        return text
    }

    static func parts(of count: Int) -> Text {
        var text = Text()
        while text.bytes.count < count {
            text.append("--XyZ0123456789\r\nContent-Disposition: form-data; name=\"")
            text.append("\(text.pick(Words.keys))\"\r\n\r\n")
            for _ in 0...text.random(below: 80) { text.append(text.pick(Words.english) + " ") }
            text.append("\r\n")
            text.names += 1
        }
        text.append("--XyZ0123456789--\r\n")
        return text
    }
}
