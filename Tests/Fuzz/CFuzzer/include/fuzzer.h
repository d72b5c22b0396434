// The entry of every fuzz target. SwiftPM renames the `main` of an executable, so libFuzzer's own
// is never linked; this one is put in its place by the linker flags in Package.swift.
int ringfence_fuzzer_main(int count, char **arguments);
