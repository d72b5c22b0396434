import Testing

@testable import HTTP1

@Suite struct `Byte sets` {
    private static let alphanumeric =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    private static let pchar = alphanumeric + "-._~" + "!$&'()*+,;=" + ":@"

    @Test(arguments: [
        ("token", ByteSet.token, alphanumeric + "!#$%&'*+-.^_`|~"),
        ("path", ByteSet.path, pchar + "/"),
        ("query", ByteSet.query, pchar + "/?%[]"),
        ("host name", ByteSet.hostName, alphanumeric + "-._"),
        ("authority", ByteSet.authority, alphanumeric + "-._:[]"),
    ])
    func `a constant is the set its grammar names`(
        _ name: String, _ set: ByteSet, _ members: String
    ) {
        let expected = Set(members.utf8)
        for byte in UInt8.min...UInt8.max {
            #expect(set.contains(byte) == expected.contains(byte), "\(name) \(byte)")
        }
    }

    @Test func `a run of text ends at the same byte sixteen at a time and one at a time`() {
        for byte in UInt8.min...UInt8.max {
            for obsText in [false, true] {
                let isText =
                    byte == 9 || (byte >= 0x20 && byte < 0x7f) || (byte >= 0x80 && obsText)
                for place in 0..<20 {
                    for filler: UInt8 in [0x20, 0x61, 0x09, 0x7e] {
                        var run = [UInt8](repeating: filler, count: 20)
                        run[place] = byte
                        // A second stop behind it must not hide the first.
                        if place + 1 < run.count { run[place + 1] = 0x0d }
                        let second = min(place + 1, 20)
                        let end = run.span.endOfText(from: 0, to: 20, obsText: obsText)
                        #expect(end == (isText ? second : place))
                    }
                }
            }
        }
    }

    @Test func `bytes outside of the bounds are not looked at`() {
        let run: [UInt8] = [0, 0x61, 0x61, 0]
        #expect(run.span.endOfText(from: 1, to: 3, obsText: false) == 3)
        #expect(run.span.endOfText(from: 3, to: 3, obsText: false) == 3)
    }

    @Test func `a run of any length ends at the one byte that is no part of it`() {
        for count in 0...200 {
            for start in [0, 1, 7, 17] where start <= count {
                for place in stride(from: start, to: count, by: count > 40 ? 3 : 1) {
                    var run = [UInt8](repeating: 0x61, count: count)
                    run[place] = 0x7f
                    #expect(run.span.endOfText(from: start, to: count, obsText: true) == place)
                    #expect(run.span.endOfText(from: start, to: place, obsText: true) == place)
                    #expect(run.span.endOfToken(from: start, to: count) == place)
                    #expect(run.span.isVisible(except: 0x2c) == false)
                }
                // What lies before it, or is missing, is no end.
                var run = [UInt8](repeating: 0x61, count: count)
                for index in 0..<start { run[index] = 0x0d }
                #expect(run.span.endOfText(from: start, to: count, obsText: false) == count)
                #expect(run.span.endOfToken(from: start, to: count) == count)
            }
        }
    }

    @Test func `bytes around a short run are not looked at either`() {
        for start in 0..<16 {
            for stop in start...16 {
                var run = [UInt8](repeating: 0x0d, count: 16)
                for index in start..<stop { run[index] = 0x61 }
                #expect(run.span.endOfText(from: start, to: stop, obsText: false) == stop)
                #expect(run.span.endOfToken(from: start, to: stop) == stop)
            }
        }
    }

    @Test func `a token ends at the same byte sixteen at a time and one at a time`() {
        for byte in UInt8.min...UInt8.max {
            for place in 0..<20 {
                for filler in "aZ09-_~".utf8 {
                    var run = [UInt8](repeating: filler, count: 20)
                    run[place] = byte
                    if place + 1 < run.count { run[place + 1] = 0x3a }
                    let second = min(place + 1, 20)
                    let end = run.span.endOfToken(from: 0, to: 20)
                    #expect(end == (ByteSet.token.contains(byte) ? second : place))
                }
            }
        }
    }

    @Test func `visible bytes are the same eight at a time and one at a time`() {
        for byte in UInt8.min...UInt8.max {
            for place in 0..<12 {
                for filler: UInt8 in [0x21, 0x2b, 0x2d, 0x7e] {
                    var run = [UInt8](repeating: filler, count: 12)
                    run[place] = byte
                    let isVisible = byte > 0x20 && byte < 0x7f && byte != 0x2c
                    #expect(run.span.isVisible(except: 0x2c) == isVisible)
                }
            }
        }
        let none: [UInt8] = []
        let isVisible = none.span.isVisible(except: 0x2c)
        #expect(isVisible)
    }

    @Test func `case folding touches letters only`() {
        for byte in UInt8.min...UInt8.max {
            let isUpper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            #expect(ASCII.lowered(byte) == (isUpper ? byte + 32 : byte))
            let hexadecimal = UInt8(String(UnicodeScalar(byte)), radix: 16)
            let isHexadecimal = UnicodeScalar(byte).properties.isASCIIHexDigit
            #expect(ASCII.hexadecimalValue(byte) == (isHexadecimal ? hexadecimal : nil))
        }
    }

    @Test func `a list gives its elements, the empty ones too`() {
        func elements(_ text: String) -> [String] {
            let list = Array(text.utf8)
            var position = 0
            var result: [String] = []
            while let range = list.span.nextElement(&position) {
                result.append(String(decoding: list[range], as: UTF8.self))
            }
            return result
        }
        #expect(elements("a, b\t,c") == ["a", "b", "c"])
        #expect(elements("") == [""])
        #expect(elements(",, a ,") == ["", "", "a", ""])
        #expect(elements(" \t ") == [""])
    }
}
