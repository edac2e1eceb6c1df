import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import * as z from "zod";

/** The CLI's well-known local secret; it signs the two legacy API keys. Users' tokens are signed by the ES256 key. */
export const jwtSecret = "super-secret-jwt-token-with-at-least-32-characters-long";

export interface Keys {
  /** All that users' tokens are or were signed with. The one with the operation "sign" signs; others are waiting or retired. */
  signingKeys: JWK[];
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

const signingKeys = z.array(z.looseObject({
  kty: z.enum(["EC", "RSA"]),
  kid: z.string().min(1),
  alg: z.enum(["ES256", "RS256"]),
  key_ops: z.array(z.string()),
  d: z.string().optional(),
}));

/** The keys of a file such as `supabase gen signing-key` fills. */
function readSigningKeys(path: string): JWK[] {
  const complain = (what: string) => new Error(`auth.signing_keys_path: ${path} ${what}`);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw complain("is no JSON");
  }
  const result = signingKeys.safeParse(content);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw complain(`is no list of ES256 or RS256 keys: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const signers = result.data.filter((key) => key.key_ops.includes("sign"));
  if (signers.length !== 1 || signers[0]?.d === undefined) {
    throw complain('must have exactly one private key whose key_ops have "sign"');
  }
  return result.data;
}

/**
 * An instance's keys: made once, then read from its folder, so that nothing secret is in the repository. The settings may name
 * a file of signing keys to use in place of its own.
 */
export async function loadKeys(path: string, signingKeysPath?: string): Promise<Keys> {
  if (!existsSync(path)) {
    const { privateKey } = await generateKeyPair("ES256", { extractable: true });
    const keys = {
      signingKey: { ...await exportJWK(privateKey), kid: crypto.randomUUID(), alg: "ES256", use: "sig" },
      anonKey: await legacyKey("anon"),
      serviceRoleKey: await legacyKey("service_role"),
      publishableKey: `sb_publishable_${randomBytes(24).toString("base64url")}`,
      secretKey: `sb_secret_${randomBytes(24).toString("base64url")}`,
    };
    writeFileSync(path, JSON.stringify(keys, null, 2), { mode: 0o600 });
  }
  const { signingKey, ...keys } = JSON.parse(readFileSync(path, "utf8")) as Keys & { signingKey: JWK };
  const own = { ...signingKey, key_ops: ["sign", "verify"] };
  return {
    ...keys,
    signingKeys: signingKeysPath === undefined ? [own] : readSigningKeys(signingKeysPath),
  };
}

/** The public halves of the signing keys. */
export function publicKeys(keys: Keys): JWK[] {
  return keys.signingKeys.map(({ d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...key }) => ({
    ...key,
    key_ops: ["verify"],
  }));
}

/** Everything a token may be signed with: what PostgREST, Realtime and the gateway verify against. */
export function verificationKeys(keys: Keys): { keys: JWK[] } {
  const secret = { kty: "oct", k: Buffer.from(jwtSecret).toString("base64url"), alg: "HS256" };
  return { keys: [...publicKeys(keys), secret] };
}
