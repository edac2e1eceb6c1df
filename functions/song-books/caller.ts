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
  /** Tells whether an Authorization header carries one of the project's own secret keys. */
  isProjectKey(authorization: string | null): boolean;
}

const apiKeyShape = /^sk_live_[\w-]+$/;

/** Finds out who calls; undefined for nobody. Nothing in a token counts before its signature was checked. */
export function identifier({ jwks, jwksUrl, isProjectKey }: Keys): Identify {
  const keys = jwks === undefined
    ? createRemoteJWKSet(new URL(jwksUrl))
    : createLocalJWKSet(JSON.parse(jwks) as JSONWebKeySet);
  return async (headers) => {
    const bearer = /^bearer\s+(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
    for (const key of [headers.get("x-api-key"), bearer]) {
      if (key !== null && key !== undefined && apiKeyShape.test(key)) return { claims: {}, apiKey: key };
    }
    if (isProjectKey(headers.get("authorization")) || isProjectKey(`Bearer ${headers.get("apikey")}`)) {
      return { claims: { role: "service_role" }, apiKey: null };
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
