import { createLocalJWKSet, errors, type JWK, type JWTPayload, jwtVerify, SignJWT } from "jose";
import type postgres from "postgres";
import { denied } from "./errors.ts";
import type { Settings } from "./settings.ts";

/** Who asks, as their token says. */
export type Caller = JWTPayload & { role: string };

export type Transaction = postgres.TransactionSql;

const roles = new Set(["anon", "authenticated", "service_role"]);

/** Verifies tokens: those of users by Auth's public keys, API keys and signed addresses by the shared secret. */
export class Tokens {
  readonly #secret: Uint8Array;
  readonly #publicKeys: ReturnType<typeof createLocalJWKSet>;

  constructor({ JWT_SECRET, JWT_JWKS }: Settings) {
    this.#secret = new TextEncoder().encode(JWT_SECRET);
    this.#publicKeys = createLocalJWKSet({ keys: JWT_JWKS.keys as JWK[] });
  }

  async caller(authorization: string | undefined): Promise<Caller> {
    // Behind the gateway the header is always there: a request without a token has an empty one, which is no JWT.
    const payload = await this.verify(/^bearer\s+(\S+)$/i.exec(authorization ?? "")?.[1] ?? "");
    const role = payload["role"];
    if (typeof role !== "string" || !roles.has(role)) {
      throw denied("the token names no known role");
    }
    return { ...payload, role };
  }

  async verify(token: string): Promise<JWTPayload> {
    const attempts = await Promise.allSettled([
      jwtVerify(token, this.#secret, { algorithms: ["HS256"] }),
      jwtVerify(token, this.#publicKeys, { algorithms: ["ES256", "RS256"] }),
    ]);
    const verified = attempts.find((attempt) => attempt.status === "fulfilled");
    if (verified !== undefined) return verified.value.payload;
    const reasons = attempts.flatMap((attempt) =>
      attempt.status === "rejected" && attempt.reason instanceof Error ? [attempt.reason] : []
    );
    const expired = reasons.find((reason) => reason instanceof errors.JWTExpired);
    throw denied((expired ?? reasons[0])?.message ?? "Invalid JWT");
  }

  async sign(payload: JWTPayload, seconds: number): Promise<string> {
    const expiry = Math.floor(Date.now() / 1000) + seconds;
    return await new SignJWT(payload).setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .setIssuedAt().setExpirationTime(expiry).sign(this.#secret);
  }
}

/** Runs statements with the caller's rights, as PostgREST does: their role, their claims. */
export async function asCaller<Result>(
  sql: postgres.Sql,
  caller: Caller,
  operation: string,
  work: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  return await sql.begin(async (transaction) => {
    await transaction`
      select
        set_config('role', ${caller.role}, true),
        set_config('request.jwt.claims', ${JSON.stringify(caller)}, true),
        set_config('storage.operation', ${operation}, true),
        set_config('storage.allow_delete_query', 'true', true),
        set_config('statement_timeout', '30s', true)
    `;
    return await work(transaction);
  }) as Result;
}

class Rollback extends Error {}

/** Finds out whether the caller may do something: does it and takes it back. */
export async function probe(
  sql: postgres.Sql,
  caller: Caller,
  operation: string,
  work: (transaction: Transaction) => Promise<unknown>,
): Promise<void> {
  try {
    await asCaller(sql, caller, operation, async (transaction) => {
      await work(transaction);
      throw new Rollback();
    });
  } catch (error) {
    if (!(error instanceof Rollback)) throw error;
  }
}
