import JSON
import Testing

@Suite struct `JSON view` {
    @Test func `the tape is in document order with parents, depths and ends`() throws {
        try withView(#"{"a":[1,{"b":2}],"c":3}"#) { view in
            let kinds = (0..<view.count).compactMap { view.node($0).map { view.kind(of: $0) } }
            #expect(kinds == [.object, .array, .number, .object, .number, .number])
            let depths = (0..<view.count).compactMap { view.node($0).map { view.depth(of: $0) } }
            #expect(depths == [0, 1, 2, 2, 3, 1])
            let ends = (0..<view.count).compactMap { view.node($0).map { view.indexAfter($0) } }
            #expect(ends == [6, 5, 3, 5, 5, 6])
            let parents = (0..<view.count).map {
                view.node($0).flatMap { view.parent(of: $0) }?.index
            }
            #expect(parents == [nil, 0, 1, 1, 3, 0])
            #expect(view.node(6) == nil)
            #expect(view.node(-1) == nil)
        }
    }

    @Test func `a member's ranges are those of its key, its value and both`() throws {
        let text = #"{ "a\n" : [1, 2] , "b":null}"#
        let bytes = Array(text.utf8)
        try withView(text) { view in
            var members = view.children(of: view.root)
            guard let first = members.next(), let second = members.next() else {
                Issue.record("two members expected")
                return
            }
            #expect(members.next() == nil)
            #expect(view.keyRange(of: first).map { Array(bytes[$0]) } == Array(#""a\n""#.utf8))
            #expect(Array(bytes[view.range(of: first)]) == Array("[1, 2]".utf8))
            let whole = view.memberRange(of: first).map { Array(bytes[$0]) }
            #expect(whole == Array(#""a\n" : [1, 2]"#.utf8))
            #expect(
                view.memberRange(of: second).map { Array(bytes[$0]) } == Array(#""b":null"#.utf8))
            #expect(view.keyRange(of: view.root) == nil)
            #expect(view.memberRange(of: view.root) == nil)
            let element = view.node(at: "/a\n/0")
            #expect(element != nil)
            #expect(element.flatMap { view.keyRange(of: $0) } == nil)
            #expect(element.flatMap { view.key(of: $0) } == nil)
        }
    }

    @Test func `a string is decoded, compared and borrowed`() throws {
        try withView(#"["plain","\u00e9\ud83d\ude00\u20ac\/\b\f\n\r\t\"\\\u0000",1]"#) { view in
            guard let plain = view.node(1), let escaped = view.node(2), let one = view.node(3)
            else {
                Issue.record("three elements expected")
                return
            }
            #expect(view.string(at: plain) == Array("plain".utf8))
            #expect(view.string(at: plain, equals: "plain") == true)
            #expect(view.string(at: plain, equals: "plai") == false)
            #expect(view.string(at: plain, equals: "plain ") == false)
            if let borrowed = view.plainString(at: plain) {
                #expect(String(borrowed) == "plain")
            } else {
                Issue.record("a string without escapes is borrowed")
            }
            let meaning = "é😀€/\u{8}\u{C}\n\r\t\"\\\0"
            #expect(view.string(at: escaped) == Array(meaning.utf8))
            #expect(view.string(at: escaped, equals: meaning) == true)
            #expect(view.string(at: escaped, equals: "é😀€") == false)
            if view.plainString(at: escaped) != nil { Issue.record("escapes need decoding") }
            #expect(view.string(at: one) == nil)
            #expect(view.string(at: one, equals: "1") == false)
            if view.plainString(at: one) != nil { Issue.record("a number is no string") }
            var bytes: [UInt8] = [1]
            #expect(view.appendString(at: one, to: &bytes) == false)
            #expect(view.appendString(at: plain, to: &bytes) == true)
            #expect(bytes == [1] + Array("plain".utf8))
        }
    }

    @Test(
        arguments: [
            ("0", 0), ("7", 7), ("-7", -7), ("9223372036854775807", Int64.max),
            ("-9223372036854775808", Int64.min), ("9223372036854775808", nil),
            ("-9223372036854775809", nil), ("99999999999999999999", nil), ("-0", nil), ("1.0", nil),
            ("1e3", nil), ("1E3", nil), ("-1.5", nil), ("\"1\"", nil), ("true", nil), ("null", nil),
            ("[]", nil),
        ] as [(String, Int64?)])
    func `an integer is exact or nothing`(text: String, value: Int64?) throws {
        try withView(text) { view in #expect(view.integer(at: view.root) == value) }
    }

    @Test func `booleans and null answer only for themselves`() throws {
        try withView("[true,false,null,0]") { view in
            let nodes = (1..<view.count).compactMap { view.node($0) }
            #expect(nodes.map { view.boolean(at: $0) } == [true, false, nil, nil])
            #expect(nodes.map { view.isNull(at: $0) } == [false, false, true, false])
        }
    }

    @Test func `members are found by name in objects only`() throws {
        try withView(#"{"a":1,"b":{"c":2},"d":[3]}"#) { view in
            #expect(view.member(of: view.root, named: "c") == nil)
            #expect(view.member(of: view.root, named: "") == nil)
            let inner = view.member(of: view.root, named: "b")
            let found = inner.flatMap { view.member(of: $0, named: "c") }
            #expect(found.flatMap { view.integer(at: $0) } == 2)
            let array = view.member(of: view.root, named: "d")
            #expect(array.flatMap { view.member(of: $0, named: "0") } == nil)
            #expect(view.childCount(of: view.root) == 3)
            #expect(array.map { view.childCount(of: $0) } == 1)
            #expect(found.map { view.childCount(of: $0) } == 0)
        }
    }

    @Test func `a reused document keeps its memory and forgets its content`() throws {
        var document = JSONDocument()
        let large = Array("{\((0..<500).map { "\"k\($0)\":[\($0)]" }.joined(separator: ","))}".utf8)
        let small = Array(#"{"a":1}"#.utf8)
        try document.parse(large.span)
        let scratch = document.scratchBytes
        #expect(scratch > 0)
        for _ in 0..<3 {
            try document.parse(small.span)
            #expect(document.view(of: small.span).count == 2)
            try document.parse(large.span)
            #expect(document.view(of: large.span).count == 1001)
            #expect(document.scratchBytes == scratch)
        }
        document.release()
        #expect(document.scratchBytes == 0)
        try document.parse(small.span)
        #expect(document.view(of: small.span).count == 2)
    }

    @Test func `an object of many keys after a defect in another one is judged afresh`() throws {
        var document = JSONDocument()
        let keys = (0..<40).map { "\"k\($0)\":0" }.joined(separator: ",")
        let bad = Array("{\(keys),\"k7\":1}".utf8)
        let good = Array("[{\(keys)},{\(keys)}]".utf8)
        for _ in 0..<3 {
            #expect(throws: JSONDefect(.duplicateKey, at: bad.count - 7)) {
                try document.parse(bad.span)
            }
            try document.parse(good.span)
            #expect(document.view(of: good.span).count == 83)
        }
    }
}

@Suite struct `JSON limits` {
    @Test func `each bound admits its last value and refuses the next`() {
        let bytes = JSONLimits(bytesMax: 4)
        #expect(defect(of: "[10]", limits: bytes) == nil)
        #expect(defect(of: "[100]", limits: bytes) == JSONDefect(.tooLong, at: 4))
        let depth = JSONLimits(depthMax: 1)
        #expect(defect(of: "[1]", limits: depth) == nil)
        #expect(defect(of: "[{}]", limits: depth) == JSONDefect(.tooDeep, at: 1))
        let keys = JSONLimits(keysMax: 2)
        #expect(defect(of: #"{"a":{"b":1}}"#, limits: keys) == nil)
        #expect(
            defect(of: #"{"a":{"b":1},"c":2}"#, limits: keys) == JSONDefect(.tooManyKeys, at: 13))
        let nodes = JSONLimits(nodesMax: 3)
        #expect(defect(of: "[1,2]", limits: nodes) == nil)
        #expect(defect(of: "[1,2,3]", limits: nodes) == JSONDefect(.tooManyNodes, at: 5))
        let digits = JSONLimits(digitsMax: 3)
        #expect(defect(of: "-1.2e3", limits: digits) == nil)
        #expect(defect(of: "-1.2e34", limits: digits) == JSONDefect(.numberTooLong, at: 6))
    }

    @Test func `scratch memory is bounded by the bound of nodes`() {
        var document = JSONDocument()
        let bytes = Array(("[" + String(repeating: "1,", count: 200_000) + "1]").utf8)
        let limits = JSONLimits(nodesMax: 1000)
        #expect(throws: JSONDefect(.tooManyNodes, at: 1999)) {
            try document.parse(bytes.span, limits: limits)
        }
        #expect(document.scratchBytes <= 4 * 28 * 1000)
    }
}
