import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

/** The CLI's well-known local secret; it signs the two legacy API keys. Users' tokens are signed by the ES256 key. */
export const jwtSecret = "super-secret-jwt-token-with-at-least-32-characters-long";

export interface Keys {
  signingKey: JWK;
  anonKey: string;
  serviceRoleKey: string;
  publishableKey: string;
  secretKey: string;
}

async function legacyKey(role: "anon" | "service_role"): Promise<string> {
  return await new SignJWT({ iss: "supabase-demo", role, exp: 1983812996 })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .sign(new TextEncoder().encode(jwtSecret));
}

/** An instance's keys: made once, then read from its folder, so that nothing secret is in the repository. */
export async function loadKeys(path: string): Promise<Keys> {
  if (!existsSync(path)) {
    const { privateKey } = await generateKeyPair("ES256", { extractable: true });
    const keys: Keys = {
      signingKey: { ...await exportJWK(privateKey), kid: crypto.randomUUID(), alg: "ES256", use: "sig" },
      anonKey: await legacyKey("anon"),
      serviceRoleKey: await legacyKey("service_role"),
      publishableKey: `sb_publishable_${randomBytes(24).toString("base64url")}`,
      secretKey: `sb_secret_${randomBytes(24).toString("base64url")}`,
    };
    writeFileSync(path, JSON.stringify(keys, null, 2), { mode: 0o600 });
  }
  return JSON.parse(readFileSync(path, "utf8")) as Keys;
}

/** The public half of the signing key. */
export function publicKey(keys: Keys): JWK {
  const { d: _private, ...key } = keys.signingKey;
  return { ...key, key_ops: ["verify"] };
}

/** Everything a token may be signed with: what PostgREST, Realtime and the gateway verify against. */
export function verificationKeys(keys: Keys): { keys: JWK[] } {
  const secret = { kty: "oct", k: Buffer.from(jwtSecret).toString("base64url"), alg: "HS256" };
  return { keys: [publicKey(keys), secret] };
}
