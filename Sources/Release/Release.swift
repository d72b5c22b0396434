/// Which build this is; the three programs of one build work together, and only those.
public enum Release {
    public static let version = "0.1.0"
}
