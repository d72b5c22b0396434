import JSON
import Testing

@Suite struct `JSON Pointer` {
    /// The names of RFC 6901 §5, in a document of our own.
    static let text = #"""
        {"list":["zero","one"],"":10,"a/b":11,"c%d":12,"e^f":13,"i\\j":14,"k\"l":15," ":16,"m~n":17,
        "~1":18,"deep":{"x":[[],[{"y":19}]]},"0":20,"\u0074":21,"é":22}
        """#

    @Test(
        arguments: [
            ("/", 10), ("/a~1b", 11), ("/c%d", 12), ("/e^f", 13), ("/i\\j", 14), ("/k\"l", 15),
            ("/ ", 16), ("/m~0n", 17), ("/~01", 18), ("/deep/x/1/0/y", 19), ("/0", 20), ("/t", 21),
            ("/é", 22),
        ] as [(String, Int64)])
    func `a pointer names one value`(pointer: String, value: Int64) throws {
        try withView(Self.text) { view in
            let node = view.node(at: pointer)
            #expect(node.flatMap { view.integer(at: $0) } == value)
        }
    }

    @Test func `the empty pointer names the value it starts from`() throws {
        try withView(Self.text) { view in
            #expect(view.node(at: "") == view.root)
            let deep = view.node(at: "/deep")
            #expect(view.node(at: "", from: deep) == deep)
            let inner = view.node(at: "/x/1/0/y", from: deep)
            #expect(inner.flatMap { view.integer(at: $0) } == 19)
            #expect(view.node(at: "/list", from: deep) == nil)
        }
    }

    @Test func `an element is named by its index`() throws {
        try withView(Self.text) { view in
            let one = view.node(at: "/list/1")
            #expect(one.flatMap { view.string(at: $0) } == Array("one".utf8))
            #expect(view.node(at: "/list/0") != nil)
        }
    }

    @Test(arguments: [
        "/list/2", "/list/-", "/list/01", "/list/00", "/list/+1", "/list/-1", "/list/", "/list/1 ",
        "/list/99999999999", "/list/9999999999", "/list/x", "/list/1/0", "/absent", "/deep/x/y",
        "/list/", "/a/b", "/c%25d", "/LIST", "//", "/deep/",
    ])
    func `a pointer to nothing finds nothing`(pointer: String) throws {
        try withView(Self.text) { view in #expect(view.node(at: pointer) == nil) }
    }

    @Test(arguments: ["list", "a/b", "~", "/~", "/~2", "/m~", "/m~n", "#/list", " /list", "/a~~1b"])
    func `a malformed pointer finds nothing and is known as such`(pointer: String) throws {
        #expect(isJSONPointer(pointer.utf8Span.span) == false)
        try withView(Self.text) { view in #expect(view.node(at: pointer) == nil) }
    }

    @Test(arguments: ["", "/", "//", "/a", "/a/b", "/~0", "/~1", "/~01~10", "/é", "/-"])
    func `a well formed pointer is known as such`(pointer: String) {
        #expect(isJSONPointer(pointer.utf8Span.span) == true)
    }
}
