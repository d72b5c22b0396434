// expect: cannot convert value of type 'String' to expected argument type 'StaticString'
import Postgres

func statement(table: String) -> Statement {
    let text = "SELECT * FROM " + table
    return Statement("any", text, parameters: 0)
}
