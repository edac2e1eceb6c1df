import { createLocalJWKSet, createRemoteJWKSet, type JSONWebKeySet, jwtVerify } from "jose";

/** Who calls: a user with claims that were verified, the service itself, or an API key that the database verifies. */
export interface Caller {
  claims: Record<string, unknown>;
  apiKey: string | null;
}

export type Identify = (headers: Headers) => Promise<Caller | undefined>;

export interface Keys {
  /** Auth's public keys as JSON; asked for at `jwksUrl` where the platform does not hand them over. */
  jwks: string | undefined;
  jwksUrl: string;
  /** The project's own secret keys. */
  serviceKeys: string[];
}

const apiKeyShape = /^sk_live_[\w-]+$/;

/** Compares without telling by the time it takes how much was right. */
async function isSame(one: string, other: string): Promise<boolean> {
  const digest = async (text: string) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  const [left, right] = [await digest(one), await digest(other)];
  return left.reduce((difference, byte, index) => difference | (byte ^ (right[index] ?? 0)), 0) === 0;
}

/** Finds out who calls; undefined for nobody. Nothing in a token counts before its signature was checked. */
export function identifier({ jwks, jwksUrl, serviceKeys }: Keys): Identify {
  const keys = jwks === undefined
    ? createRemoteJWKSet(new URL(jwksUrl))
    : createLocalJWKSet(JSON.parse(jwks) as JSONWebKeySet);
  return async (headers) => {
    const bearer = /^bearer\s+(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
    for (const key of [headers.get("x-api-key"), bearer]) {
      if (key !== null && key !== undefined && apiKeyShape.test(key)) return { claims: {}, apiKey: key };
    }
    for (const secret of [bearer, headers.get("apikey")]) {
      if (secret === undefined || secret === null) continue;
      for (const key of serviceKeys) {
        if (await isSame(secret, key)) return { claims: { role: "service_role" }, apiKey: null };
      }
    }
    if (bearer === undefined) return undefined;
    const verified = await jwtVerify(bearer, keys, {
      algorithms: ["ES256", "RS256"],
      audience: "authenticated",
    })
      .catch(() => undefined);
    return verified?.payload["role"] === "authenticated"
      ? { claims: verified.payload, apiKey: null }
      : undefined;
  };
}
