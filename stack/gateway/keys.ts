import type { IncomingHttpHeaders } from "node:http";
import { createLocalJWKSet, type JWK, jwtVerify } from "jose";
import type { GatewaySettings } from "./settings.ts";

/** Knows the project's API keys and turns the newer ones into the JWTs that the servers behind understand. */
export class ApiKeys {
  private readonly tokens: Map<string, string>;
  private readonly secret: Uint8Array;
  private readonly publicKeys: ReturnType<typeof createLocalJWKSet>;

  constructor({ keys, jwtSecret, publicKeys }: GatewaySettings) {
    this.tokens = new Map([
      [keys.anon, keys.anon],
      [keys.serviceRole, keys.serviceRole],
      [keys.publishable, keys.anon],
      [keys.secret, keys.serviceRole],
    ]);
    this.secret = new TextEncoder().encode(jwtSecret);
    this.publicKeys = createLocalJWKSet({ keys: publicKeys as JWK[] });
  }

  /** The JWT behind a key of this project. */
  token(key: string): string | undefined {
    return this.tokens.get(key);
  }

  /** The key of a request, from its header or its address. */
  static of(headers: IncomingHttpHeaders, url: URL): string | undefined {
    const header = headers.apikey ?? headers["x-api-key"];
    return (Array.isArray(header) ? header[0] : header) ?? url.searchParams.get("apikey") ?? undefined;
  }

  /** Authorization as the servers get it: what was sent, but never an `sb_` key, and the API key where nothing was sent. */
  authorization(sent: string | undefined, key: string | undefined): string | undefined {
    const bearer = sent === undefined ? undefined : /^bearer\s+(sb_\S+)$/i.exec(sent)?.[1];
    if (sent !== undefined && bearer === undefined) return sent;
    const token = this.token(bearer ?? key ?? "");
    return token === undefined ? sent : `Bearer ${token}`;
  }

  /** True for a token that this project signed and that has not expired. */
  async isValid(authorization: string | undefined): Promise<boolean> {
    const token = /^bearer\s+(\S+)$/i.exec(authorization ?? "")?.[1];
    if (token === undefined) return false;
    const verified = await Promise.allSettled([
      jwtVerify(token, this.publicKeys),
      jwtVerify(token, this.secret, { algorithms: ["HS256"] }),
    ]);
    return verified.some(({ status }) => status === "fulfilled");
  }
}
