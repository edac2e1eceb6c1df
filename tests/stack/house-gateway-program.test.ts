// The gateway as a program of its own, before servers that tell what reached them.
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import * as z from "zod";
import { startProgram, unusedPort } from "../support/program.ts";

const secret = "a secret of these tests only, long enough for HS256";
const seen = z.object({ url: z.string(), headers: z.record(z.string(), z.string()) });

let upstream: Server;
let stop: () => void;
let address: string;
let anon: string;
let signUser: (expiry: string) => Promise<string>;

async function send(path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${address}${path}`, { headers });
  const body: unknown = await response.json();
  return { status: response.status, body };
}

async function arrives(path: string, headers: Record<string, string> = {}) {
  const { status, body } = await send(path, headers);
  expect(status).toBe(200);
  return seen.parse(body);
}

beforeAll(async () => {
  upstream = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    if (request.url === "/too-much") {
      response.writeHead(413).end("{}");
      return;
    }
    response.end(JSON.stringify({ url: request.url, headers: request.headers }));
  });
  new WebSocketServer({ server: upstream }).on(
    "connection",
    (socket, request) => socket.send(request.url ?? ""),
  );
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const { port } = upstream.address() as AddressInfo;
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const jwk = { ...await exportJWK(publicKey), kid: "users", alg: "ES256" };
  const sign = (role: string) =>
    new SignJWT({ role }).setProtectedHeader({ alg: "HS256" }).setExpirationTime("1h")
      .sign(new TextEncoder().encode(secret));
  signUser = (expiry) =>
    new SignJWT({ role: "authenticated" }).setProtectedHeader({ alg: "ES256", kid: "users" })
      .setExpirationTime(expiry).sign(privateKey);
  anon = await sign("anon");
  const gatewayPort = await unusedPort();
  const settings = {
    port: gatewayPort,
    upstreams: { auth: await unusedPort(), rest: port, realtime: port, storage: port },
    functions: [
      { name: "guarded", port, verifyJwt: true },
      { name: "openkj", port, verifyJwt: false },
    ],
    keys: {
      anon,
      serviceRole: await sign("service_role"),
      publishable: "sb_publishable_test",
      secret: "sb_secret_test",
    },
    jwtSecret: secret,
    publicKeys: [jwk],
    mailTemplates: { invite: import.meta.filename },
  };
  address = `http://127.0.0.1:${gatewayPort}`;
  stop = await startProgram("stack/gateway/main.ts", gatewayPort, {
    GATEWAY_SETTINGS: JSON.stringify(settings),
  });
});

afterAll(() => {
  stop();
  upstream.close();
  upstream.closeAllConnections();
});

test("a function that verifies tokens is closed without a good one", async () => {
  const refused = { status: 401, body: { msg: "Invalid JWT" } };
  expect(await send("/functions/v1/guarded")).toEqual(refused);
  expect(await send("/functions/v1/guarded", { authorization: "Bearer nonsense" })).toEqual(refused);
  expect(await send("/functions/v1/guarded", { authorization: `Bearer ${await signUser("-1m")}` }))
    .toEqual(refused);
  expect(await send("/functions/v1/guarded", { authorization: "Bearer sb_publishable_unknown" }))
    .toEqual(refused);
});

test("a user's token and the project's keys open it", async () => {
  for (const token of [await signUser("1h"), anon]) {
    await arrives("/functions/v1/guarded", { authorization: `Bearer ${token}` });
  }
  const { headers } = await arrives("/functions/v1/guarded", { apikey: "sb_publishable_test" });
  expect(headers.authorization).toBe(`Bearer ${anon}`);
});

test("the browser's question beforehand reaches such a function without a token", async () => {
  const response = await fetch(`${address}/functions/v1/guarded`, { method: "OPTIONS" });
  expect(response.status).toBe(200);
});

test("a function gets its own path, and a foreign API key as it was sent", async () => {
  const { url, headers } = await arrives("/functions/v1/openkj/deeper?x=1", {
    authorization: "Bearer sk_live_1",
  });
  expect(url).toBe("/openkj/deeper?x=1");
  expect(headers.authorization).toBe("Bearer sk_live_1");
});

test.each([
  "/openkj",
  "/openkj/",
  "/openkj/api",
  "/openkj/api.php",
  "/api/openkj",
  "/api/v1/legacy/okj/api.php",
])(
  "OpenKJ's usual address %s leads to its function",
  async (path) => {
    expect((await arrives(path)).url).toBe("/openkj");
  },
);

test("servers behind see tokens, never the newer keys, and no key in the address", async () => {
  const { url, headers } = await arrives("/rest/v1/venues?select=id&apikey=sb_publishable_test");
  expect(url).toBe("/venues?select=id");
  expect(headers.authorization).toBe(`Bearer ${anon}`);
  const other = await arrives("/rest/v1/venues", {
    apikey: "sb_publishable_test",
    authorization: "Bearer sb_publishable_test",
  });
  expect(other.headers).toMatchObject({ apikey: anon, authorization: `Bearer ${anon}` });
});

test("a server may refuse a large body unread, and the next request is none the worse for it", async () => {
  for (let attempt = 0; attempt < 5; attempt++) {
    const refused = await fetch(`${address}/rest/v1/too-much`, {
      method: "POST",
      headers: { apikey: anon },
      body: "x".repeat(5_000_000),
    });
    expect(refused.status).toBe(413);
    await refused.text();
    await arrives("/rest/v1/venues", { apikey: anon });
  }
});

test("a socket reaches Realtime with the token in the key's place", async () => {
  const socket = new WebSocket(
    `${address.replace("http", "ws")}/realtime/v1/websocket?apikey=sb_publishable_test&vsn=2.0.0`,
  );
  const url = await new Promise<string>((resolve, reject) => {
    socket.once("message", (data) => resolve(String(data)));
    socket.once("error", reject);
  });
  socket.close();
  expect(url).toBe(`/socket/websocket?apikey=${anon}&vsn=2.0.0`);
});

test("clients that vanish in the middle do not disturb it", async () => {
  const upgrade = `GET /realtime/v1/websocket?apikey=${anon} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n` +
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  const upload = `POST /rest/v1/venues HTTP/1.1\r\nHost: x\r\napikey: ${anon}\r\nContent-Length: 9\r\n\r\n{`;
  const { hostname, port } = new URL(address);
  const vanish = (text: string, milliseconds: number) =>
    new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.write(text));
      socket.on("error", () => {});
      socket.once("close", () => resolve());
      setTimeout(() => socket.resetAndDestroy(), milliseconds);
    });
  await Promise.all(Array.from({ length: 100 }, (_, index) => vanish(index % 2 ? upgrade : upload, index)));
  await arrives("/rest/v1/venues", { apikey: anon });
});

test("a server that is down is named", async () => {
  expect(await send("/auth/v1/settings", { apikey: anon })).toEqual({
    status: 502,
    body: { message: "The service auth does not answer." },
  });
});

test("the texts of mails can be fetched, and no other file", async () => {
  const response = await fetch(`${address}/email/invite.html`);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  expect(await response.text()).toContain("house-gateway-program");
  for (const path of ["/email/other.html", "/email/..%2f..%2fpackage.json", "/email/constructor.html"]) {
    expect((await fetch(`${address}${path}`)).status).toBe(404);
  }
});

test("a service that is not there yet says so", async () => {
  const { status, body } = await send("/graphql/v1", { apikey: anon });
  expect(status).toBe(501);
  expect(body).toEqual({ message: "The service graphql is not offered locally yet." });
});
