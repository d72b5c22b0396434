/// B20: documents of GraphQL, on routes that say what they do about them, and on one that does not.
enum GraphQLCases {
    static let all =
        unsaid + documents + placed + passing + asking + unreadable + oddities + batches
        + batchesLeft + queries + queriesLeft + forms + formsLeft + modes + unread

    private static let document = #"{"query":"query($t:ID!){orders(t:$t){id}}","variables":"#

    /// To a route that does not say that it takes GraphQL, variables are JSON, and a document is a
    /// string like any other.
    private static let unsaid: [Case] = [
        .json("B20a", document + #"{"tenantId":"evil","x":1}}"#, document + #"{"x":1}}"#),
        .json(
            "B20b", #"[\#(document){"tenantId":"evil"}},\#(document){}}]"#,
            "[\(document){}},\(document){}}]"),
        .json(
            "B20c", document + #"{"input":{"ten\u0061ntId":"evil","x":[1]}}}"#,
            document + #"{"input":{"x":[1]}}}"#),
        .json(
            "B20d", document + #"{},"extensions":{"tenant_id":"evil"}}"#,
            document + #"{},"extensions":{}}"#),
        .body("B20e", "application/graphql", #"{orders(tenantId:"evil"){id}}"#, Case.unreadable),
        .body(
            "B20f", "application/graphql; charset=utf-8", #"{orders(tenantId:"evil"){id}}"#,
            Case.unreadable),
        .body("B20g", "application/graphql+json", document + "{}}", .forwarded),
        .cleaned(
            "B20h", Case.multipart,
            "--b\r\nContent-Disposition: form-data; name=\"operations\"\r\n"
                + "Content-Type: application/json\r\n\r\n"
                + "\(document){\"tenantId\":\"evil\"}}\r\n--b--\r\n",
            "--b\r\nContent-Disposition: form-data; name=\"operations\"\r\n"
                + "Content-Type: application/json\r\n\r\n\(document){}}\r\n--b--\r\n"),
        .body("B20i", "application/graphql-response+json", #"{"x":1}"#, .forwarded),
    ]

    private static let graph = "POST /clean/graph/x"
    private static let text = "application/graphql"

    private static func operation(_ document: String) -> String { #"{"query":"\#(document)"}"# }

    private static let manyTokens = operation(repeated("ab ", 20_000))
    private static let longName = operation(repeated("a", 257))
    private static let manyOperations: String = "[\(repeated("{},", 1_000)){}]"

    private static func json(
        _ id: String, _ body: String, _ verdict: Verdict, _ facts: Fact...,
        to start: String = graph
    ) -> Case {
        let row = Case.body(id, Case.json, body, verdict, to: start)
        return facts.reduce(row) { $0.and($1) }
    }

    private static func read(_ id: String, _ target: String, _ verdict: Verdict) -> Case {
        .raw(id, "GET \(target) HTTP/1.1\r\n{host}{auth}\r\n", verdict)
    }

    /// What is in the document decides, wherever it stands.
    private static let documents: [Case] =
        [
            json("B20j", operation(#"{orders(tenantId:\"evil\"){id}}"#), Case.conflict),
            json(
                "B20k", operation(#"{orders(where:{ten\u0061nt_id:{_eq:\"evil\"}}){id}}"#),
                Case.conflict),
            json(
                "B20l", operation(#"mutation{add(x:{tenant_id:\"\"\"evil\"\"\"}){id}}"#),
                Case.conflict, .says("cannot be rewritten"), .says("`body.graphql`")),
            read(
                "B20m", "/clean/graph/x?query=%7Borders(tenantId:%22evil%22)%7Bid%7D%7D",
                Case.conflict),
        ]

    private static let placed: [Case] =
        Case.rows(
            "B20", from: 13,
            [
                // Aliases, fragments, directives, variables.
                #"{mine:orders(tenantId:\"evil\"){id}}"#, #"{tenant(id:\"evil\"){orders{id}}}"#,
                #"{a:tenant ,\n#b\n(id:\"evil\"){id}}"#,
                #"query($tenantId:ID!){orders(t:$tenantId){id}}"#,
                #"query($t:ID={tenant_id:\"evil\"}){orders(t:$t){id}}"#,
                #"query($t:ID@a(tenantId:\"evil\")){orders(t:$t){id}}"#,
                #"{...f}fragment f on Q{orders(tenantId:\"evil\"){id}}"#,
                #"{...on Q{orders(tenantId:\"evil\"){id}}}"#,
                #"{orders@in(tenant_id:\"evil\"){id}}"#, #"{orders{id@a(b:{c:[{tenant:1}]})}}"#,
                #"query a{b}query c{orders(tenantId:\"evil\"){id}}"#,
                #"subscription{orders(tenantId:\"evil\"){id}}"#,
                #"mutation{add(input:{meta:{org_id:\"evil\"}}){id}}"#,
                #"{orders(orderBy:tenant_id){id}}"#, #"{orders(where__tenant_id:\"evil\"){id}}"#,
                #"{orders(TENANT_ID:\"evil\"){id}}"#, #"{orders(Tenant_Id:\"evil\"){id}}"#,
                #"{orders(x_tenant_id:\"evil\"){id}}"#,
                // Behind what is text.
                #"#\n{orders(tenantId:\"evil\"){id}}"#, #"#\r\n{orders(tenantId:\"evil\"){id}}"#,
                #"{orders(a:\"\\\"\",tenantId:\"evil\"){id}}"#,
                ##"{orders(a:\"#\",tenantId:\"evil\"){id}}"##,
                #"{orders(a:\"\",tenantId:\"evil\"){id}}"#,
                #"{orders(a:\"\"\"\"\"\"tenantId:\"evil\"){id}}"#,
                #"{orders(a:\"\"\"\\\"\"\" \"\"\"tenantId:\"evil\"){id}}"#,
                ##"{orders(a:\"\"\"#\"\"\"tenantId:\"evil\"){id}}"##,
                #"{orders(a:\"\"\"\n\"b\" \\\\ \"\"\"tenantId:\"evil\"){id}}"#,
                #"{orders(a:\"\\u0022\",tenantId:\"evil\"){id}}"#,
                #"{orders(a:1.5e3 tenantId:\"evil\"){id}}"#,
            ]
        ) { id, document in json(id, operation(document), Case.conflict) }

    /// Values pass: what a server makes of them is its own.
    private static let passing: [Case] =
        Case.rows(
            "B20", from: 52,
            [
                #"{orders(where:{column:\"tenant_id\",value:\"globex\"}){id}}"#,
                #"{orders(a:\"\"\"tenantId:globex\"\"\"){id}}"#, #"#tenantId\n{orders{id}}"#,
                #"{orders(a:\"\"\" \\\"\"\" tenantId \"\"\"){id}}"#,
                ##"{orders(a:\"#\"){id}}#tenantId"##,
                #"query A($a:[Int!]!=-1.5e+3,$b:B)@c(d:\"\\u00e9\"){f:g(h:{i:[1,J]}){...K}}"#,
                #"{tenants{id}}"#, #"{orders(my_tenant_id:1){id}}"#, "",
            ]
        ) { id, document in
            .kept(id, Case.json, operation(document), to: graph)
        }

    /// Asking for the tenant gives nobody one.
    private static let asking: [Case] =
        Case.rows(
            "B20", from: 78,
            [
                "{orders{id tenantId}}", "{tenant{id}}", "{tenantId:id}", "{...on Tenant{id}}",
                "fragment tenant on O{id}", "{orders@tenant{id}}",
            ]
        ) { id, document in json(id, operation(document), Case.conflict) }
        + Case.rows(
            "B20", from: 84,
            [
                "{orders{id tenantId}}", "{tenant{id}}", "{tenantId:id}", "{...on Tenant{id}}",
                "fragment tenant on O{id}", "{orders@tenant{id}}",
            ]
        ) { id, document in
            .kept(id, Case.json, operation(document), to: "POST /clean/arguments/x")
        }
        + Case.rows(
            "B20", from: 90,
            [
                #"{orders(tenantId:\"evil\"){id}}"#, #"{tenant(id:\"evil\"){id}}"#,
                #"query($tenantId:ID!){orders(t:$tenantId){id}}"#,
                #"{orders(where:[{tenant_id:\"evil\"}]){id}}"#,
            ]
        ) { id, document in
            json(id, operation(document), Case.conflict, to: "POST /clean/arguments/x")
        }

    private static let unreadable: [Case] =
        Case.rows(
            "B20", from: 104,
            [
                // What is no token.
                "{orders(a:'b'){id}}", #"{orders(a:\"b)}"#, #"{orders(a:\"b\n\")}"#,
                #"{orders(a:\"\"\"b)}"#, #"{orders(a:\"\\x\")}"#, "{orders(a:01){id}}",
                "{orders(a:1b){id}}", "{orders(a:0x1){id}}", "{..f}", "{a.b}", "{a;b}", "{a%b}",
                #"\ufeff{orders{id}}"#, #"{ten\ufeffantId}"#, #"{orders\u0000{id}}"#,
                "{\u{c3}\u{a9}}",
                // What some readers end where others do not.
                #"#\r{orders{id}}"#, #"#\u2028{orders{id}}"#, #"#\u2029{orders{id}}"#,
                #"{orders(a:\"\"\"b\"\"\"\"){id}}"#, #"{orders(a:\"\"\"\\\\\"\"\" \"\"\"){id}}"#,
                #"{orders(a:\"\"\" \\\"\"\"\" \"\"\"){id}}"#, #"{orders(a:\"\"\"\"\"\"\"){id}}"#,
                // A string for a name, and parentheses that are not closed.
                #"{orders(where:{\"tenantId\":\"globex\"}){id}}"#, "{orders(a:1", "{orders a:1)}",
            ]
        ) { id, document in json(id, operation(document), Case.malformed) }

    private static let oddities: [Case] = [
        json("B20zzzzza", #"{"query":1}"#, Case.malformed),
        json("B20zzzzzb", #"{"query":{"match":{}}}"#, Case.malformed),
        json("B20zzzzzc", #"{"query":["{orders{id}}"]}"#, Case.malformed),
        json(
            "B20zzzzzd", manyTokens,
            .forwarded),
        json("B20zzzzze", longName, Case.tooLarge),
    ]

    /// Operations of a batch, variables as text, stored documents, other keys for the same thing.
    private static let batches: [Case] =
        Case.rows(
            "B20", from: 156,
            [
                #"[{"query":"{a}"},{"query":"{orders(tenantId:\"evil\"){id}}"}]"#,
                #"[{"query":"{a}","variables":{}},{"variables":{},"query":"{b(tenant:1)}"}]"#,
                #"{"Query":"{orders(tenantId:\"evil\"){id}}"}"#,
                #"{"qu\u0065ry":"{orders(tenantId:\"evil\"){id}}"}"#,
                #"{"query":"{a}","variables":"{\"tenantId\":\"evil\"}"}"#,
                #"{"query":"{a}","variables":"{\"ten\\u0061ntId\":\"evil\"}"}"#,
                #"{"query":"{a}","extensions":"{\"tenant_id\":\"evil\"}"}"#,
                #"{"operations":"[{\"query\":\"{a(tenantId:1)}\"}]"}"#,
                #"{"query":"{a}","QUERY":"{orders(tenantId:\"evil\"){id}}"}"#,
            ]
        ) { id, body in json(id, body, Case.conflict) }

    private static let batchesLeft: [Case] = [
        .cleaned(
            "B20zzzzzzj", Case.json,
            #"[{"query":"{a}","variables":{"tenantId":"evil","x":1}},{"query":"{b}"}]"#,
            #"[{"query":"{a}","variables":{"x":1}},{"query":"{b}"}]"#, to: graph),
        .cleaned(
            "B20zzzzzzk", Case.json,
            #"{"variables":{"a":[{"ten\u0061ntId":"evil"}],"query":"'"},"query":"{a}"}"#,
            #"{"variables":{"a":[{}],"query":"'"},"query":"{a}"}"#, to: graph),
        .kept(
            "B20zzzzzzl", Case.json,
            #"{"variables":{},"extensions":{"persistedQuery":{"version":1,"sha256Hash":"0"}}}"#,
            to: graph),
        .cleaned(
            "B20zzzzzzm", Case.json,
            #"{"id":"0","variables":{"tenantId":"evil"},"extensions":{"tenant":"evil"}}"#,
            #"{"id":"0","variables":{},"extensions":{}}"#, to: graph),
        .kept("B20zzzzzzn", Case.json, #"{"query":null,"variables":null}"#, to: graph),
        json("B20zzzzzzo", #"{"query":"{a}","variables":"{"}"#, Case.malformed),
        json(
            "B20zzzzzzp", manyOperations, Case.tooLarge),
        .body(
            "B20zzzzzzq", "application/x-ndjson", operation("{a(tenantId:1)}") + "\n",
            Case.conflict, to: graph),
        .body(
            "B20zzzzzzr", "application/graphql+json", operation("{a(tenantId:1)}"),
            Case.conflict, to: graph),
    ]

    private static let evilVariables = "%7B%22tenantId%22:%22evil%22,%22x%22:1%7D"
    private static let leftVariables = "%7B%22x%22%3A1%7D"

    private static let queries: [Case] =
        Case.rows(
            "B20", from: 182,
            [
                "?query=%7Btenant(id:%22evil%22)%7Bid%7D%7D",
                "?query=%7Borders(ten%61ntId:%22evil%22)%7D", "?qu%65ry=%7Borders(tenantId:1)%7D",
                "?query=%7Ba%7D&query=%7Borders(tenantId:1)%7D",
                "?query[]=%7Borders(tenantId:1)%7D",
                "?Query=%7Borders(tenantId:1)%7D", "?a=1&query=%7Borders(%0AtenantId:1)%7D&b=2",
                "?query=%23%0A%7Borders(tenantId:1)%7D", "?query=query+a($tenantId:ID)%7Bb%7D",
                "?operations=%5B%7B%22query%22:%22%7Ba(tenantId:1)%7D%22%7D%5D",
            ]
        ) { id, query in read(id, "/clean/graph/x" + query, Case.conflict) }
        + Case.rows(
            "B20", from: 192,
            [
                "?query=%7B%27", "?query=%7Ba%7D;variables=%7B%7D",
                "?a=1;query=%7Ba%7D",
                "?variables=%7B", "?variables=%7B%22a%22:1,%22a%22:2%7D", "?query=%00",
                "?query=%ff%22", "?extensions=x", "?query=%EF%BB%BF%7Ba%7D",
            ]
        ) { id, query in
            read(id, "/clean/graph/x" + query, .declined(400, "request.query.malformed"))
        }

    private static let queriesLeft: [Case] = [
        .raw(
            "B20zzzzzzzz",
            "GET /clean/graph/x?query=%7Ba%7D&variables=\(evilVariables)&b=+1 HTTP/1.1\r\n"
                + "{host}{auth}\r\n", .forwarded,
            .target("/clean/graph/x?query=%7Ba%7D&variables=\(leftVariables)&b=+1"),
            .stripped(["query_tenant"])),
        .raw(
            "B20zzzzzzzza",
            "GET /clean/graph/x?extensions=\(evilVariables) HTTP/1.1\r\n{host}{auth}\r\n",
            .forwarded, .target("/clean/graph/x?extensions=\(leftVariables)"),
            .stripped(["query_tenant"])),
        .raw(
            "B20zzzzzzzzb",
            "GET /clean/graph/x?variables=%7b%22a%22:1%7d&query=%7Ba%7D&variables= HTTP/1.1\r\n"
                + "{host}{auth}\r\n", .forwarded,
            .target("/clean/graph/x?variables=%7b%22a%22:1%7d&query=%7Ba%7D&variables="),
            .stripped([])),
        // A document in the query and none in the body, and the reverse.
        .body(
            "B20zzzzzzzzc", Case.json, operation("{a}"), Case.conflict,
            to: "POST /clean/graph/x?query=%7Borders(tenantId:1)%7D"),
        // A route that does not take GraphQL reads no parameter as it.
        .raw(
            "B20zzzzzzzzd",
            "GET /clean/x?query=%7Ba&variables=%7B HTTP/1.1\r\n{host}{auth}\r\n",
            .forwarded, .target("/clean/x?query=%7Ba&variables=%7B"), .stripped([])),
    ]

    private static func part(_ name: String, _ content: String, type: String = "") -> String {
        let line = type.isEmpty ? "" : "Content-Type: \(type)\r\n"
        return
            "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\(line)\r\n\(content)\r\n"
    }

    private static let evilOperations =
        #"{"query":"{a}","variables":{"file":null,"tenantId":"evil"}}"#
    private static let leftOperations = #"{"query":"{a}","variables":{"file":null}}"#
    private static let file = part("0", "a\r\nb", type: "image/png") + "--b--\r\n"

    private static let forms: [Case] =
        Case.rows("B20", from: 234, ["", "text/plain", "application/json; charset=utf-8"]) {
            id, type in
            let map = part("map", #"{"0":["variables.file"]}"#)
            return .cleaned(
                id, Case.multipart, part("operations", evilOperations, type: type) + map + file,
                part("operations", leftOperations, type: type) + map + file, to: graph)
        }
        + Case.rows(
            "B20", from: 237,
            [
                part("operations", #"{"query":"{a(tenantId:1)}"}"#),
                part("operations", #"[{"query":"{a}"},{"query":"{a(tenantId:1)}"}]"#),
                part("query", "{a(tenantId:1)}"),
                part("query", "{a(tenantId:1)}", type: "text/plain"),
                part("map", #"{"0":["variables.tenantId"]}"#),
                part("map", #"{"0":["0.variables.input.tenant_id"]}"#, type: "application/json"),
                part("map", #"{"0":["variables.ten\u0061ntId"]}"#),
            ]
        ) { id, part in .body(id, Case.multipart, part + file, Case.conflict, to: graph) }
        + Case.rows(
            "B20", from: 244,
            [
                part("operations", "{"), part("variables", "a=1"), part("query", "'"),

            ]
        ) { id, part in .body(id, Case.multipart, part + file, Case.malformed, to: graph) }

    private static let formsLeft: [Case] = [
        .body(
            "B20zzzzzzzzzza", Case.multipart,
            part("operations", "{}", type: "text/plain; charset=utf-16") + file,
            Case.unreadable, to: graph),
        .cleaned(
            "B20zzzzzzzzzzb", Case.form, "query=%7Ba%7D&variables=\(evilVariables)&b=1",
            "query=%7Ba%7D&variables=\(leftVariables)&b=1", to: graph),
        .body(
            "B20zzzzzzzzzzc", Case.form, "query=%7Ba(tenantId:1)%7D", Case.conflict, to: graph),
        .body("B20zzzzzzzzzzd", Case.form, "query=%7Ba%7D;b", Case.malformed, to: graph),
        // By itself.
        .kept(
            "B20zzzzzzzzzze", text, "query a {orders(where: {column: \"tenant_id\"}) {id}}\n",
            to: graph),
        .kept("B20zzzzzzzzzzf", "\(text); charset=utf-8", "{a}", to: graph),
        .body(
            "B20zzzzzzzzzzg", text, #"{orders(tenantId:"evil"){id}}"#, Case.conflict, to: graph),
        .body("B20zzzzzzzzzzh", text, "{orders(a:'b')}", Case.malformed, to: graph),
        .body("B20zzzzzzzzzzi", text, "\u{ff}", Case.malformed, to: graph),
        .body(
            "B20zzzzzzzzzzj", "\(text); charset=utf-16", "{\0a\0}\0", Case.unreadable, to: graph
        ),
        .body("B20zzzzzzzzzzk", text, #"{"query":"{a}"}"#, Case.malformed, to: graph),
        .body(
            "B20zzzzzzzzzzl", Case.multipart, part("a", "{a}", type: text) + file,
            Case.unreadable, to: graph),
    ]

    /// A document is never rewritten, whatever `client_value` says, nor its value compared.
    private static let modes: [Case] = [
        json(
            "B20zzzzzzzzzzm", operation(#"{orders(tenantId:\"acme\"){id}}"#), Case.conflict,
            to: "POST /clean/graph/same/x"),
        json(
            "B20zzzzzzzzzzn", #"{"query":"{a}","variables":{"tenantId":"evil"}}"#, Case.conflict,
            to: "POST /clean/graph/same/x"),
        .cleaned(
            "B20zzzzzzzzzzo", Case.json, #"{"query":"{a}","variables":{"tenantId":"acme"}}"#,
            #"{"query":"{a}","variables":{}}"#, to: "POST /clean/graph/same/x"),
        read(
            "B20zzzzzzzzzzp", "/clean/graph/same/x?variables=\(evilVariables)", Case.conflict),
    ]

    private static let anywhere = "POST /clean/unread/x"

    /// Documents pass; what is JSON around them is cleaned all the same.
    private static let unread: [Case] = [
        .kept(
            "B20zzzzzzzzzzq", Case.json, operation(#"{orders(tenantId:\"globex\"){id}}"#),
            to: anywhere),
        .kept("B20zzzzzzzzzzr", text, "{orders(tenantId: 'globex')}", to: anywhere),
        .cleaned(
            "B20zzzzzzzzzzs", Case.json, #"{"query":"'","variables":{"tenantId":"evil"}}"#,
            #"{"query":"'","variables":{}}"#, to: anywhere),
        .raw(
            "B20zzzzzzzzzzt",
            "GET /clean/unread/x?query=%7B'&variables=\(evilVariables) HTTP/1.1\r\n"
                + "{host}{auth}\r\n",
            .forwarded, .target("/clean/unread/x?query=%7B'&variables=\(leftVariables)"),
            .stripped(["query_tenant"])),
        json(
            "B20zzzzzzzzzzu", #"{"query":"'","variables":"{\"tenantId\":\"evil\"}"}"#,
            Case.conflict, to: anywhere),
    ]
}
