import COpenSSL
import Glibc
import Testing

@testable import TLS

/// What each thread keeps of the memory OpenSSL gave back.
@Suite struct `Memory for OpenSSL` {
    /// OpenSSL of this process goes on with libc's.
    private static let prepared = rf_memory_prepare() == 1

    /// On a thread of its own, which has kept nothing yet.
    private func onNewThread(_ work: @escaping @Sendable () -> Void) {
        final class Work {
            let run: @Sendable () -> Void
            init(_ run: @escaping @Sendable () -> Void) { self.run = run }
        }
        #expect(Self.prepared)
        var thread = pthread_t()
        let argument = unsafe Unmanaged.passRetained(Work(work)).toOpaque()
        let made = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, argument)
        #expect(made == 0)
        #expect(pthread_join(thread, nil) == 0)
    }

    private func take(_ size: Int) -> UInt {
        UInt(bitPattern: unsafe rf_memory_take(size, nil, 0))
    }

    private func give(_ block: UInt) {
        unsafe rf_memory_give(UnsafeMutableRawPointer(bitPattern: block), nil, 0)
    }

    private func kept() -> Int {
        let kept = unsafe rf_memory_kept().pointee
        return kept.opened == 1 ? Int(RF_MEMORY_BYTES_MAX) - Int(kept.room) : 0
    }

    @Test func `every size gets a block that holds it`() {
        onNewThread {
            // Twice: from libc, then from what was kept.
            for _ in 0..<2 {
                for size in 1...40_000 {
                    let block = take(size)
                    let usable = unsafe malloc_usable_size(
                        UnsafeMutableRawPointer(bitPattern: block))
                    #expect(usable >= size)
                    give(block)
                }
            }
        }
    }

    @Test func `a block that was given back serves the next of its size`() {
        onNewThread {
            for size in [1, 24, 25, 1_032, 1_033, 7_616, 16_592, 32_768] {
                let block = take(size)
                // libc answers more than was asked for when the rest would be too small to keep.
                let usable = unsafe malloc_usable_size(UnsafeMutableRawPointer(bitPattern: block))
                let kind = rf_memory_size(rf_memory_kind_of(usable))
                give(block)
                let next = take(kind)
                #expect(next == block, "\(size)")
                give(next)
            }
        }
    }

    @Test func `nothing is asked, nothing is had, as OpenSSL has it`() {
        onNewThread {
            #expect(take(0) == 0)
            give(0)
            let block = unsafe rf_memory_resize(nil, 100, nil, 0)
            #expect(unsafe block != nil)
            let grown = unsafe rf_memory_resize(block, 20_000, nil, 0)
            #expect(unsafe malloc_usable_size(grown) >= 20_000)
            let none = unsafe rf_memory_resize(grown, 0, nil, 0)
            #expect(unsafe none == nil)
        }
    }

    @Test func `a thread keeps no more than its bounds`() {
        onNewThread {
            let blocks = (0..<100).map { _ in take(16_592) }
            for block in blocks { give(block) }
            #expect(kept() > 0)
            #expect(kept() <= Int(RF_MEMORY_KIND_BYTES_MAX))
            var many: [UInt] = []
            for size in stride(from: 256, through: 32_768, by: 256) {
                many += (0..<10).map { _ in take(size) }
            }
            for block in many { give(block) }
            #expect(kept() > Int(RF_MEMORY_KIND_BYTES_MAX))
            #expect(kept() <= Int(RF_MEMORY_BYTES_MAX))
            // Above the largest kind nothing is kept.
            let before = kept()
            give(take(100_000))
            #expect(kept() == before)
        }
    }

    @Test func `what a thread kept goes when it ends, and what comes later is not kept`() {
        onNewThread {
            give(take(1_000))
            #expect(kept() > 0)
            unsafe rf_memory_empty(rf_memory_kept())
            #expect(kept() == Int(RF_MEMORY_BYTES_MAX))  // No room left.
            #expect(unsafe rf_memory_kept().pointee.first.0 == nil)
            let block = take(1_000)
            give(block)
            #expect(unsafe rf_memory_kept().pointee.bytes.60 == 0)
        }
    }
}
