// Tokens: see docs/architecture.md.
