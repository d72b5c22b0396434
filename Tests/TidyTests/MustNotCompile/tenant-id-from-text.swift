// expect: initializer is inaccessible due to '@_spi' protection level
import Policy

func name(_ text: [UInt8]) -> TenantID? { TenantID(canonical: text.span) }
