/// How long tests wait for what they expect.
///
/// It ends a hang and decides nothing else: a test that depends on how fast a machine is proves
/// nothing about the product, and hundreds of them share two processors.
public enum Patience {
    public static let seconds = 120.0
    public static let milliseconds = 120_000
}
