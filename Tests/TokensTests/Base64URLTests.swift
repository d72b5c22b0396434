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
}
