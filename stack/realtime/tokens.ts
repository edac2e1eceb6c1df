import { compactVerify, decodeJwt, decodeProtectedHeader, importJWK } from "jose";
import type { CryptoKey, JWK } from "jose";
import { Refusal } from "./refusal.ts";
import type { JsonWebKeySet } from "./settings.ts";

export type Claims = Record<string, unknown> & { role: string; exp: number };

/** Why a token is refused; `atConnect` is the sentence that refuses a connection. */
export class TokenRefusal extends Refusal {
  readonly atConnect: string;

  constructor(code: string, message: string, atConnect = message) {
    super(code, message);
    this.atConnect = atConnect;
  }
}

const keyTypes: Record<string, string> = {
  HS256: "oct",
  HS384: "oct",
  HS512: "oct",
  RS256: "RSA",
  RS384: "RSA",
  RS512: "RSA",
  ES256: "EC",
  ES384: "EC",
  ES512: "EC",
  EdDSA: "OKP",
  Ed25519: "OKP",
};

/** Checks a token's signature, expiry and required claims. */
export type Verify = (token: string) => Promise<Claims>;

export function createVerifier(secret: string, jwks: JsonWebKeySet): Verify {
  const secretKey = new TextEncoder().encode(secret);
  const imported = new Map<string, Promise<CryptoKey | Uint8Array>>();

  function keyFor(algorithm: string, kid: string | undefined): Promise<CryptoKey | Uint8Array> | Uint8Array {
    const type = keyTypes[algorithm];
    const jwk = kid === undefined ? undefined : jwks.keys.find((key) => key.kid === kid && key.kty === type);
    if (type === "oct" && !jwk) return secretKey;
    if (!type || !jwk) throw signerError(kid);
    const id = `${algorithm} ${kid}`;
    const known = imported.get(id) ?? importJWK(jwk as JWK, algorithm);
    imported.set(id, known);
    return known;
  }

  return async function verify(token) {
    const clean = decodeUri(token).replace(/\s/g, "");
    const { header, claims } = peek(clean);
    if (header.typ !== "JWT" || typeof header.alg !== "string") throw signerError(undefined);
    const key = await keyFor(header.alg, typeof header.kid === "string" ? header.kid : undefined);
    try {
      await compactVerify(clean, key, { algorithms: [header.alg] });
    } catch {
      throw new TokenRefusal("JwtSignatureError", "Failed to validate JWT signature");
    }
    const now = Math.floor(Date.now() / 1000);
    if (typeof claims.exp === "number" && claims.exp <= now) {
      const message = `Token has expired ${now - Math.floor(claims.exp)} seconds ago`;
      throw new TokenRefusal("InvalidJWTToken", message, "Token has expired");
    }
    if (typeof claims.exp !== "number" || typeof claims.role !== "string") {
      throw new TokenRefusal("InvalidJWTToken", "Fields `role` and `exp` are required in JWT");
    }
    return claims as Claims;
  };
}

function peek(token: string): { header: Record<string, unknown>; claims: Record<string, unknown> } {
  try {
    return { header: decodeProtectedHeader(token), claims: decodeJwt(token) };
  } catch {
    throw new TokenRefusal("MalformedJWT", "The token provided is not a valid JWT");
  }
}

function signerError(kid: string | undefined): TokenRefusal {
  const which = kid === undefined ? "" : ` for key ID (kid) ${JSON.stringify(kid)}`;
  const message = `Failed to generate JWT signer${which}, check your JWT secret or JWKS configuration`;
  return new TokenRefusal("JwtSignerError", message);
}

function decodeUri(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}
