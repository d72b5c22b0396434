import Foundation
import Testing
import TestSupport
import Verification

@Suite struct `Bringing a legacy schema under the guard` {
    @Test func `every table ends with the tenant in front of its keys and references`() throws {
        let shop = try LegacyShop()
        let plan = try shop.apply(shop.options())
        #expect(plan.refusals == [])
        let keys = try shop.ask(
            """
            SELECT string_agg(format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)),
                E'\\n' ORDER BY conrelid::regclass::text COLLATE "C", conname COLLATE "C")
            FROM pg_constraint WHERE contype IN ('p', 'u', 'f') AND conparentid = 0
                AND connamespace = 'shop'::regnamespace
            """)
        #expect(keys == "")
    }
}
