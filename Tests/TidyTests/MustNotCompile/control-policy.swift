// Compiles: the modules are found, and reading claims is open to everybody.
import Policy

func tenant(of claims: VerifiedClaims) -> ExternalID? { claims.tenant }
