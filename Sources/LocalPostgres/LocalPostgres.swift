// LocalPostgres: see docs/architecture.md.
