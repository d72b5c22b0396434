// expect: value of type 'Connection' has no member 'rows'
import Postgres

let all = Statement("all", "SELECT * FROM ringfence.events", parameters: 0)

func everything(over connection: inout Connection) throws(DatabaseFault) {
    _ = try connection.rows(all)
}
