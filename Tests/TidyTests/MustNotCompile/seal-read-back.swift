// expect: TBD
import Postgres

func leak(_ seal: Seal) -> String { seal.text }
