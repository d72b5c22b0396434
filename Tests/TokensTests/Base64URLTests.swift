import Foundation
import HTTP1
import Testing

@testable import Tokens

@Suite struct `Base64url` {
    @Test(arguments: 0...66)
    func `every length is written as RFC 4648 says and read back`(_ count: Int) {
        // All bit patterns at all places of a group of three, over the lengths.
        for start in stride(from: 0, to: 256, by: 5) {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: start + $0 * 73) }
            var out = ByteBuffer(capacityMax: 1_024)
            out.append("kept.")
            Base64URL.append(bytes.span, to: &out)
            let text = Array(out.bytes.dropFirst(5))
            let expected = Data(bytes).base64EncodedString()
                .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
            #expect(String(decoding: text, as: UTF8.self) == expected)
            #expect(text.count == Base64URL.encodedCount(count))
            #expect(Base64URL.decode(text.span) == bytes)
        }
    }

    @Test(arguments: [1, 15, 16, 17, 31, 32, 33, 48, 63])
    func `a byte of no alphabet is refused wherever it stands`(_ place: Int) {
        let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var text = [UInt8](repeating: UInt8(ascii: "z"), count: 64)
        for byte in UInt8.min...UInt8.max {
            text[place] = byte
            #expect((Base64URL.decode(text.span) != nil) == alphabet.contains(byte))
            // The same of a whole token, in which the place belongs to each segment in turn.
            for dots in [(64, 129), (10, 101), (7, 11)] {
                var token = [UInt8](repeating: UInt8(ascii: "A"), count: 192)
                token[dots.0] = UInt8(ascii: ".")
                token[dots.1] = UInt8(ascii: ".")
                token[place + 64] = byte
                let expected: TokenDefect? =
                    alphabet.contains(byte)
                    ? nil : byte == UInt8(ascii: ".") ? .segments : .alphabet
                #expect(Self.defect(of: token) == expected)
            }
        }
    }

    private static func defect(of token: [UInt8]) -> TokenDefect? {
        do throws(TokenDefect) {
            let form = try CompactToken(token.span)
            #expect(token[form.headerEnd] == UInt8(ascii: "."))
            #expect(token[form.claimsEnd] == UInt8(ascii: "."))
            return nil
        } catch {
            return error
        }
    }
}
