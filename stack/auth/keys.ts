import { createPublicKey } from "node:crypto";
import { decodeProtectedHeader, errors, exportJWK, importJWK, jwtVerify, SignJWT } from "jose";
import type { CryptoKey, JWK, JWTPayload } from "jose";
import type { Settings } from "./settings.ts";
import { SettingsError } from "./settings.ts";

interface Key {
  id: string | undefined;
  algorithm: string;
  /** Private for asymmetric keys; absent when only the public half is known. */
  signingKey: CryptoKey | Uint8Array | undefined;
  verifyingKey: CryptoKey | Uint8Array;
  publicJwk: JWK | undefined;
}

/** Signs and verifies access tokens. */
export interface Keys {
  sign(claims: JWTPayload): Promise<string>;
  /** The claims of a valid token; throws an error whose message says what is wrong with it. */
  verify(token: string): Promise<JWTPayload>;
  publicKeys: JWK[];
  /** Whether this process has signed a token yet. */
  hasSigned(): boolean;
}

function algorithmOf(jwk: JWK): string {
  if (jwk.alg !== undefined) return jwk.alg;
  if (jwk.kty === "RSA") return "RS256";
  if (jwk.kty === "EC") return jwk.crv === "P-521" ? "ES512" : "ES256";
  if (jwk.kty === "OKP") return "EdDSA";
  return "HS256";
}

async function importKey(jwk: JWK): Promise<Key> {
  const algorithm = algorithmOf(jwk);
  if (jwk.kty === "oct") {
    const secret = await importJWK(jwk, algorithm);
    return { id: jwk.kid, algorithm, signingKey: secret, verifyingKey: secret, publicJwk: undefined };
  }
  const plain = jwk.d === undefined
    ? jwk
    : await exportJWK(createPublicKey({ key: { ...jwk }, format: "jwk" }));
  const publicJwk: JWK = { ...plain, alg: algorithm, use: "sig", key_ops: ["verify"] };
  if (jwk.kid !== undefined) publicJwk.kid = jwk.kid;
  const { key_ops: _operations, use: _use, ...usable } = jwk;
  return {
    id: jwk.kid,
    algorithm,
    signingKey: jwk.d === undefined ? undefined : await importJWK(usable, algorithm),
    verifyingKey: await importJWK(publicJwk, algorithm),
    publicJwk,
  };
}

async function readKeys(jwt: Settings["jwt"]): Promise<{ keys: Key[]; current: Key }> {
  const secret = new TextEncoder().encode(jwt.secret);
  if (jwt.keys === "") {
    const id = jwt.keyId === "" ? undefined : jwt.keyId;
    const current = {
      id,
      algorithm: "HS256",
      signingKey: secret,
      verifyingKey: secret,
      publicJwk: undefined,
    };
    return { keys: [current], current };
  }
  let list: JWK[];
  try {
    const parsed: unknown = JSON.parse(jwt.keys);
    if (!Array.isArray(parsed)) throw new Error("not an array");
    list = parsed as JWK[];
  } catch {
    throw new SettingsError("GOTRUE_JWT_KEYS must be a JSON array of JWKs");
  }
  const signing = list.flatMap((jwk, index) => jwk.key_ops?.includes("sign") ? [index] : []);
  if (signing.length !== 1) {
    throw new SettingsError(
      `GOTRUE_JWT_KEYS must have exactly one key with key_ops "sign", not ${signing.length}`,
    );
  }
  const keys = await Promise.all(list.map(importKey));
  const current = keys[signing[0] ?? 0];
  if (current?.signingKey === undefined) {
    throw new SettingsError("The signing key of GOTRUE_JWT_KEYS has no private part");
  }
  return { keys, current };
}

/** Names the failure as the real server does where clients and people know its words. */
function verificationError(error: unknown): Error {
  if (error instanceof errors.JWTExpired) return new Error("token has invalid claims: token is expired");
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === "nbf") {
    return new Error("token has invalid claims: token is not valid yet");
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return new Error("token signature is invalid: signature is invalid");
  }
  return new Error(`token is malformed: ${error instanceof Error ? error.message : "unreadable"}`);
}

export async function createKeys(jwt: Settings["jwt"]): Promise<Keys> {
  const { keys, current } = await readKeys(jwt);
  const secret = new TextEncoder().encode(jwt.secret);
  const validMethods = jwt.validMethods.length > 0 ? jwt.validMethods : keys.map((key) => key.algorithm);

  const keyFor = (id: string | undefined, algorithm: string): CryptoKey | Uint8Array => {
    if (!validMethods.includes(algorithm)) {
      throw new Error(`token signature is invalid: signing method ${algorithm} is invalid`);
    }
    const named = id === undefined ? undefined : keys.find((key) => key.id === id);
    if (named !== undefined) {
      // A key is good for its own algorithm only: a public key must never serve as a shared secret.
      if (named.algorithm !== algorithm) {
        throw new Error(`token signature is invalid: signing method ${algorithm} is invalid`);
      }
      return named.verifyingKey;
    }
    if (algorithm === "HS256") return secret;
    throw new Error(
      `token is unverifiable: unrecognized JWT kid ${id ?? "<nil>"} for algorithm ${algorithm}`,
    );
  };

  let hasSigned = false;
  return {
    hasSigned: () => hasSigned,
    publicKeys: keys.flatMap((key) => key.publicJwk === undefined ? [] : [key.publicJwk]),
    sign: async (claims) => {
      hasSigned = true;
      const header = {
        alg: current.algorithm,
        ...(current.id === undefined ? {} : { kid: current.id }),
        typ: "JWT",
      };
      return await new SignJWT(claims).setProtectedHeader(header).sign(current.signingKey ?? secret);
    },
    verify: async (token) => {
      let header;
      try {
        header = decodeProtectedHeader(token);
      } catch {
        throw new Error("token is malformed: token contains an invalid number of segments");
      }
      const algorithm = header.alg ?? "none";
      const key = keyFor(header.kid, algorithm);
      try {
        const { payload } = await jwtVerify(token, key, { algorithms: [algorithm] });
        return payload;
      } catch (error) {
        throw verificationError(error);
      }
    },
  };
}
