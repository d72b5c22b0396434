// Backend: see docs/architecture.md.
