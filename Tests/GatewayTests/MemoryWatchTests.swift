import Testing

@testable import Gateway

@Suite struct `Memory watch` {
    static let start = 20_000_000

    @Test func `what open connections explain is left alone`() {
        let watch = MemoryWatch(residentBytes: Self.start)
        #expect(!watch.isWorthReturning(residentBytes: Self.start, connections: 0))
        #expect(!watch.isWorthReturning(residentBytes: 100_000_000, connections: 5_000))
        #expect(
            !watch.isWorthReturning(
                residentBytes: Self.start + MemoryWatch.excessBytesMin, connections: 0))
    }

    @Test func `what a crowd left behind is returned once`() {
        var watch = MemoryWatch(residentBytes: Self.start)
        #expect(watch.isWorthReturning(residentBytes: 100_000_000, connections: 10))
        // Whatever could not be returned is in use, and no reason to try again.
        watch.returned(residentBytes: 90_000_000, connections: 10)
        #expect(!watch.isWorthReturning(residentBytes: 90_000_000, connections: 10))
        #expect(watch.isWorthReturning(residentBytes: 200_000_000, connections: 10))
    }

    @Test func `after a return the next crowd is measured against what is left`() {
        var watch = MemoryWatch(residentBytes: 90_000_000)
        watch.returned(residentBytes: Self.start, connections: 0)
        #expect(watch.isWorthReturning(residentBytes: 40_000_000, connections: 0))
    }

    @Test func `numbers that cannot be are survived`() {
        var watch = MemoryWatch(residentBytes: 0)
        #expect(!watch.isWorthReturning(residentBytes: 0, connections: .max))
        watch.returned(residentBytes: 1, connections: .max)
        #expect(!watch.isWorthReturning(residentBytes: 1, connections: 0))
    }
}
