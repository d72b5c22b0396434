// expect: 'text' is inaccessible due to 'internal' protection level
import Postgres

func leak(_ seal: Seal) -> String { seal.text }
