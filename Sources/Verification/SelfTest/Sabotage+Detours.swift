extension Sabotage {
    /// Ways round what watches the guard: its rows under another table's name, and a command that
    /// makes tables and is none of those that are named for it.
    static let detours: [Sabotage] = [
        Sabotage(
            "keys added through a child of their table", .b10, 5,
            """
            CREATE TABLE ringfence_guard_more () INHERITS (ringfence_guard.keys);
            GRANT INSERT ON ringfence_guard_more TO {login};
            """),
        Sabotage(
            "keys read through a parent of their table", .b10, 5,
            """
            CREATE TABLE ringfence_guard_above (ipad bytea NOT NULL, opad bytea NOT NULL);
            ALTER TABLE ringfence_guard.keys INHERIT ringfence_guard_above;
            GRANT SELECT (ipad, opad) ON ringfence_guard_above TO {login};
            """),
        Sabotage(
            "the event trigger blind to CREATE SCHEMA", .f5, 1,
            """
            DROP EVENT TRIGGER ringfence_guard_tables;
            CREATE EVENT TRIGGER ringfence_guard_tables ON ddl_command_end
                WHEN TAG IN ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE')
                EXECUTE FUNCTION ringfence_guard.guard_tables();
            """),
    ]
}
