/// B6 to B12: what is not exactly one JSON text in UTF-8 (RFC 8259) is refused, and what is one
/// passes with every byte of it. The classes are those in which parsers are known to differ.
enum JSONGrammarCases {
    static let all =
        encodings + charsets + strings + structures + literals + numbersRefused + spaces + trailing
        + numbers + bounds

    private static func refused(_ vector: String, from first: Int = 0, _ texts: [String]) -> [Case]
    {
        Case.rows(vector, from: first, texts) { id, text in
            .body(id, Case.json, text, Case.malformed)
        }
    }

    private static func kept(_ vector: String, from first: Int, _ texts: [String]) -> [Case] {
        Case.rows(vector, from: first, texts) { id, text in .kept(id, Case.json, text) }
    }

    private static let evil = #"{"tenant_id":"evil"}"#

    /// Each scalar in so many bytes.
    private static func wide(_ text: String, _ before: Int, _ after: Int) -> String {
        text.unicodeScalars.map { scalar in
            repeated("\0", before) + String(scalar) + repeated("\0", after)
        }.joined()
    }

    private static let encodings: [Case] = refused(
        "B6",
        [
            "\u{ef}\u{bb}\u{bf}" + evil, "\u{ef}\u{bb}\u{bf}", wide(evil, 0, 1), wide(evil, 1, 0),
            "\u{ff}\u{fe}" + wide(evil, 0, 1), "\u{fe}\u{ff}" + wide(evil, 1, 0),
            wide(evil, 0, 3), wide(evil, 3, 0), "\u{ff}\u{fe}\0\0" + wide(evil, 0, 3),
            "\0\0\u{fe}\u{ff}" + wide(evil, 3, 0), "+AHsAIg-tenant_id+ACIAOg-1+AH0-",
            "\u{dd}sfs" + evil, "{\"x\":1}\u{ef}\u{bb}\u{bf}",
            "\u{f7}dL" + evil,
        ])

    private static let charsets: [Case] =
        Case.rows(
            "B6", from: 14,
            [
                "utf-16", "utf-16le", "UTF-32", "iso-8859-1", "utf-7", "windows-1252", "utf8",
                "\"\"",
                "utf-8; charset=utf-8", "utf-8; charset=utf-16", "utf-8,utf-16", "'utf-8'", "*",
                "utf-8; CHARSET=ascii",
            ]
        ) { id, name in .body(id, "\(Case.json); charset=\(name)", evil, Case.unreadable) }
        + Case.rows("B6", from: 28, ["utf-8", "UTF-8", "\"utf-8\"", "us-ascii", "Utf-8 ; v=1"]) {
            id, name in
            .cleaned(
                id, "\(Case.json); charset=\(name)", evil, "{}",
                as: name.contains("v=1") ? "\(Case.json); v=1" : Case.json)
        }
        // JSON is UTF-8; a form in another character set has names in it too.
        + [
            .body("B6zh", "\(Case.form); charset=utf-16", "x=1", Case.unreadable),
            .body("B6zi", "\(Case.multipart); charset=utf-7", "--b--\r\n", Case.unreadable),
            .cleaned(
                "B6zj", "\(Case.form); charset=utf-8", "tenant_id=evil&x=1", "x=1", as: Case.form),
        ]

    private static let strings: [Case] =
        refused(
            "B7",
            [
                "[\"\u{ff}\"]", "[\"\u{c1}\u{98}\"]", "[\"\u{c0}\u{af}\"]",
                "[\"\u{e0}\u{80}\u{af}\"]", "[\"\u{ed}\u{a0}\u{80}\"]",
                "[\"\u{f4}\u{90}\u{80}\u{80}\"]", "[\"\u{f0}\u{80}\u{80}\u{af}\"]", "[\"\u{c3}\"]",
                "[\"\u{e2}\u{82}\"]", "[\"\u{80}\"]", "[\"\u{fc}\u{80}\u{80}\u{80}\u{80}\u{af}\"]",
                "{\"\u{c1}\u{b4}enant_id\":1}", "{\"tenant\u{ff}id\":\"evil\"}", "\u{e9}",
                "[\u{ff}]",
                #"["\ud800"]"#, #"["\udc00"]"#, #"["\ud800\u0041"]"#, #"["\ud800\ud800"]"#,
                #"["\udc00\ud800"]"#, #"["\ud800x"]"#, #"{"\ud800":1}"#, #"["\ud83d\"]"#,
                "[\"\u{1}\"]", "[\"\u{1f}\"]", "[\"a\tb\"]", "[\"a\nb\"]", "[\"a\r\nb\"]",
                "[\"a\0b\"]", "{\"a\u{b}b\":1}", "{\"tenant\nid\":\"evil\"}",
                #"["\x41"]"#, #"["\u12"]"#, #"["\u{41}"]"#, #"["\U0041"]"#, #"["\a"]"#, #"["\'"]"#,
                #"["\"#, #"["\"]"#, #"["\u00g0"]"#, #"["\u+041"]"#, #"["\0"]"#, #"["\ "]"#,
                "[\"\\\u{e9}\"]", "[\"\\\n\"]",
            ])
        + kept(
            "B7", from: 45,
            [
                #"["\u0000\u001f\u007f\uffff\ud83d\ude00\\\/\"\b\f\n\r\t"]"#,
                "[\"\u{7f}\u{c3}\u{a9}\u{f0}\u{9f}\u{98}\u{80}\"]",
                "[\"\u{ef}\u{bf}\u{bf}\u{e2}\u{80}\u{a8}\"]",
                "[\"\u{f4}\u{8f}\u{bf}\u{bf}\u{ed}\u{9f}\u{bf}\u{ee}\u{80}\u{80}\"]",
            ])

    private static let structures: [Case] = refused(
        "B8",
        [
            " ", "{", "}", "[", "]", "[1", #"{"a":1"#, #"{"a""#, #"{"a":"#, #"{"a":}"#,
            #"{,"a":1}"#, #"{"a":1,}"#, #"{"a":1,,"b":2}"#, "[,1]", "[1,]", "[1,,2]", "[,]",
            "[1 2]",
            #"{"a":1 "b":2}"#, #"{"a" 1}"#, #"{"a",1}"#, #"{"a":1:2}"#, #"{"a"::1}"#, #"["a":1]"#,
            "{1:1}", "{null:1}", "{a:1}", "{tenant_id:'evil'}", "{'tenant_id':'evil'}", "['a']",
            "{[1]:1}", #"{"a"}"#, #"{"a":1]"#, "[1}", "[[1]", "[1]]", "{{}}", "{}}", #"["a"#,
            #""a"#,
            "`a`", "(1)", "<a/>", ",", ":", "\\u005b1]", "[*]",
            "{\"a\":1;\"b\":2}",
        ])

    private static let literals: [Case] = refused(
        "B8", from: 48,
        [
            "[tru]", "[True]", "[TRUE]", "[truee]", "[nul]", "[Null]", "[None]", "[nil]", "[falsy]",
            "[nan]", "[NaN]", "[-NaN]", "[Infinity]", "[-Infinity]", "[inf]", "[undefined]", "[a]",
            "[true false]", "[truefalse]", "tr",
        ])

    private static let numbersRefused: [Case] = refused(
        "B8", from: 68,
        [
            "[01]", "[-01]", "[00]", "[-00.1]", "[+1]", "[.5]", "[5.]", "[-.5]", "[1e]", "[1e+]",
            "[1E-]", "[1.e5]", "[0.e1]", "[0x1]", "[0b1]", "[0o7]", "[1_000]", "[--1]", "[-]",
            "[- 1]", "[1e1.5]", "[1f]", "[1L]", "[1n]", "[1a]", "[-a]", "[1.2.3]", "[1e5e5]",
            "[\u{ef}\u{bc}\u{91}]",
            "[\u{d9}\u{a1}]", "[1,5e]", "[0x1p3]", "[\u{2b}Infinity]", "-", "1.", "0123",
        ])

    private static let spaces: [Case] =
        refused(
            "B8", from: 104,
            [
                "/**/" + evil, evil + "//x", "{/*x*/}", "#x\n{}", "{\"a\":1}#", "\u{c}{}",
                "[\u{c}]", "{}\u{c}", "[\u{b}1]", "[\u{c2}\u{a0}1]", "[1\u{e2}\u{80}\u{a8}]",
                "[\u{e3}\u{80}\u{80}]", "\0{}", "{}\0", "[\u{85}]", "[\u{1a}]", "\u{1b}[0m{}",
                "{}\u{1a}",
                ")]}',\n{}", "while(1);{}", "callback({})", "\u{1e}{}\n",
            ])
        + [.kept("B8" + place(126), Case.json, "\r\n\t {\r\n\t \"a\" \t:\n1 ,\"b\":[\r\n]}\t\r\n")]

    private static let trailing: [Case] =
        refused(
            "B9",
            [
                #"{"x":1}{"tenant_id":"evil"}"#, #"{"x":1}]"#, #"{"x":1}}"#,
                "{\"x\":1}\0{\"tenant_id\":\"evil\"}", #"{"x":1},"#, #"{"x":1} x"#, "{} {}", "1 2",
                "{}\n{\"tenant_id\":\"evil\"}", "[][]", "nullnull", #""a""b""#, "{};", "{}\u{4}",
                #"{"tenant_id":"evil"}{"#, "{}\r\n0\r\n\r\n", #"{"x":1}"tenant_id":"evil"}"#,
            ])
        + kept("B9", from: 17, ["{}\n", "{} \t\r\n \n", "1 "])

    private static let lexemes =
        "[1e400,-1E+400,1e-400,12345678901234567890,-0,0,-0.0,1.0,1,1.10,1e5,1E5,1e05,0.1e-7,"
        + "18446744073709551616,-9223372036854775809,9007199254740993,0.30000000000000004]"

    private static let numbers: [Case] = [
        .kept("B10a", Case.json, lexemes),
        .json("B10b", #"{"n":\#(lexemes),"tenant_id":1e400}"#, #"{"n":\#(lexemes)}"#),
        .json("B10c", #"{"tenant_id":-0,"n":\#(lexemes)}"#, #"{"n":\#(lexemes)}"#),
        .kept("B10d", Case.json, "[\(repeated("1", 64)),-\(repeated("9", 64))]"),
        .body("B10e", Case.json, "[\(repeated("1", 65))]", Case.malformed),
        .body("B10f", Case.json, "[0.\(repeated("1", 64))]", Case.malformed),
        .body("B10g", Case.json, "[1e\(repeated("1", 64))]", Case.malformed),
        .kept("B10h", Case.json, "[0.\(repeated("1", 63)),1e\(repeated("0", 63))]"),
        .body("B10i", Case.json, #"{"tenant_id":\#(repeated("1", 65))}"#, Case.malformed),
    ]

    private static let large = "POST /clean/large/x"

    /// Members of one object whose keys differ only in their digits.
    private static func members(_ count: Int) -> String {
        (0..<count).map { "\"\(String($0, radix: 36))\":0" }.joined(separator: ",")
    }

    private static let bounds: [Case] = [
        .kept("B11a", Case.json, repeated("[", 64) + repeated("]", 64)),
        .body("B11b", Case.json, repeated("[", 65) + repeated("]", 65), Case.malformed),
        .body(
            "B11c", Case.json, repeated(#"{"a":"#, 64) + evil + repeated("}", 64), Case.malformed),
        .kept("B11d", Case.json, repeated(#"{"a":"#, 64) + "1" + repeated("}", 64)),
        .body("B11e", Case.json, repeated("[{\"a\":", 33), Case.malformed),
        .body("B11f", Case.json, "{[*65536}", Case.malformed),
        .body("B11g", Case.json, "{[*65537}", Case.tooLarge),
        .body("B11h", Case.json, "{[*1048576}", Case.malformed, to: large),
        .body("B11i", Case.json, "{[*1048576}", Case.tooLarge),
        .body("B11j", Case.json, "\"{A*65534}\"", .forwarded),
        .body(
            "B11l", Case.json, "{\"x\":\"{A*1000000}\",\"tenant_id\":\"evil\"}", .forwarded,
            to: large),
        .body("B11m", Case.json, "{\(members(100_000))}", .forwarded, to: large),
        // A bound other than bytes: keys, then values.
        .body(
            "B11n", Case.json, "{\(members(262_145))}",
            Case.tooLarge, to: large),
        .body(
            "B11o", Case.json, "[\(repeated("0,", 1_048_576))0]",
            Case.tooLarge, to: large),
        .raw(
            "B11p",
            "\(large) HTTP/1.1\r\n{host}{auth}Content-Type: \(Case.json)\r\n"
                + "Content-Length: 16777217\r\n\r\n", Case.tooLarge),
        .json(
            "B11k", "[\(repeated(#"{"tenant_id":"evil"},"#, 3_000))0]",
            "[\(repeated("{},", 3_000))0]"),
        .json(
            "B11q",
            #"{"x":1,\#((0..<3_000).map { #""\#($0).org_id":0"# }.joined(separator: ","))}"#,
            #"{"x":1}"#),
        .body(
            "B12a", Case.json, "{\(members(50_000)),\"tenant_id\":\"evil\"}", .forwarded,
            .body("{\(members(50_000))}"), to: large),
        .body(
            "B12b", Case.json, "{\(members(50_000)),\"zz\":1}", Case.malformed, to: large),
    ]
}
