// expect: cannot convert value of type 'String' to expected argument type 'StaticString'
import Postgres

func statement(table: String) -> Statement {
    Statement("any", "SELECT * FROM \(table)", parameters: 0)
}
