import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { JWK } from "jose";

/** What the issuer says about whoever signs in next. */
export interface Claims {
  sub: string;
  email?: string;
  email_verified?: boolean;
  name?: string;
  picture?: string;
  [claim: string]: unknown;
}

export interface Issuer {
  url: string;
  /** A code that the token endpoint takes once, for these claims. */
  codeFor(claims: Claims): string;
  /** An id_token with these claims. */
  idToken(claims: Claims & { aud: string; nonce?: string }, expiresIn?: number): Promise<string>;
  close(): Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<URLSearchParams> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return new URLSearchParams(text);
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

/** A small OpenID provider with the addresses of Keycloak. */
export async function startIssuer(): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid: "test-key", alg: "RS256", use: "sig" };
  const codes = new Map<string, Claims>();
  const people = new Map<string, Claims>();
  let url = "";

  const signed = async (claims: Claims, expiresIn: number) =>
    await new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", kid: "test-key" })
      .setIssuer(typeof claims.iss === "string" ? claims.iss : url)
      .setIssuedAt(Math.floor(Date.now() / 1000) + Math.min(0, expiresIn - 10))
      .setExpirationTime(Math.floor(Date.now() / 1000) + expiresIn)
      .sign(privateKey);

  const server = createServer((request, response) => {
    void (async () => {
      const path = new URL(request.url ?? "/", "http://issuer").pathname;
      if (path === "/.well-known/openid-configuration") {
        const base = `${url}/protocol/openid-connect`;
        return send(response, 200, {
          issuer: url,
          jwks_uri: `${base}/certs`,
          authorization_endpoint: `${base}/auth`,
          token_endpoint: `${base}/token`,
          userinfo_endpoint: `${base}/userinfo`,
          response_types_supported: ["code"],
          subject_types_supported: ["public"],
          id_token_signing_alg_values_supported: ["RS256"],
        });
      }
      if (path.endsWith("/certs")) return send(response, 200, { keys: [jwk] });
      if (path.endsWith("/token")) {
        const credentials = Buffer.from("test-client:test-secret").toString("base64");
        const form = await bodyOf(request);
        const known = request.headers.authorization === `Basic ${credentials}` ||
          (form.get("client_id") === "test-client" && form.get("client_secret") === "test-secret");
        const code = form.get("code") ?? "";
        const claims = codes.get(code);
        if (!known || claims === undefined) return send(response, 400, { error: "invalid_grant" });
        codes.delete(code);
        people.set(`access-${code}`, claims);
        return send(response, 200, {
          access_token: `access-${code}`,
          refresh_token: `refresh-${code}`,
          id_token: await signed({ ...claims, aud: "test-client" }, 300),
          token_type: "bearer",
          expires_in: 300,
        });
      }
      if (path.endsWith("/userinfo")) {
        const claims = people.get((request.headers.authorization ?? "").replace(/^bearer /i, ""));
        return claims === undefined ? send(response, 401, {}) : send(response, 200, claims);
      }
      send(response, 404, {});
    })();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the issuer has no address");
  url = `http://127.0.0.1:${address.port}`;

  return {
    url,
    codeFor: (claims) => {
      const code = crypto.randomUUID();
      codes.set(code, claims);
      return code;
    },
    idToken: (claims, expiresIn = 300) => signed(claims, expiresIn),
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
