// expect: TBD
import Postgres

func statement(table: String) -> Statement {
    Statement("any", "SELECT * FROM \(table)", parameters: 0)
}
