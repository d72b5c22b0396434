import HTTP1
import Reactor
import Tokens

/// What each question to the feed shows the database behind it: a seal of every vendor asked about,
/// in their order.
struct FeedSeals: ~Copyable {
    /// The backend holds a question for up to 10 s and then reads for up to 4 s, and meanwhile it
    /// shows the seal again with every look. What is left is for clocks that differ.
    static let lifetimeSeconds: Int64 = 30

    private var minter: SealMinter
    /// 36 bytes each.
    private let vendors: [[UInt8]]

    /// - Parameters:
    ///   - keyFile: the seal key file's bytes.
    ///   - vendors: their names, in the order they are asked about.
    init(keyFile: [UInt8], vendors: [[UInt8]]) throws(KeyDefect) {
        minter = try SealMinter(keyFile: keyFile.span)
        self.vendors = vendors.map { name in
            var id = ByteBuffer(capacityMax: 36)
            _ = appendDerivedVendorID(name.span, to: &id)
            return id.bytes
        }
    }

    /// Appends the field's value; false when a seal cannot be made.
    mutating func append(to out: inout ByteBuffer) -> Bool {
        let now = WallClock.now().seconds
        for (index, vendor) in vendors.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            guard
                minter.mint(
                    forVendor: vendor.span, now: now, lifetimeSeconds: Self.lifetimeSeconds,
                    into: &out)
            else { return false }
        }
        return true
    }
}
