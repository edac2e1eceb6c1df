import { readFileSync } from "node:fs";
import { Agent, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { join } from "node:path";
import { createProxyServer } from "http-proxy-3";
import * as z from "zod";
import { ApiKeys } from "./keys.ts";
import { gatewaySettings } from "./settings.ts";

const host = "127.0.0.1";
const settings = gatewaySettings.parse(JSON.parse(process.env.GATEWAY_SETTINGS ?? "null"));
const rewrites = z.record(z.string(), z.string())
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, "rewrites.json"), "utf8")));
const keys = new ApiKeys(settings);
const mailTemplates = new Map(Object.entries(settings.mailTemplates));
const proxy = createProxyServer({ xfwd: true, ws: true });
// Without a listener, a client that hangs up would end the gateway. Servers that fail are answered for where they are called.
proxy.on("error", () => {});
// One connection a request: none is ever found closed. "Keep-alive" all the same, as a server which hangs up at once takes
// its answer with it when it has not read all that was sent.
const connections = new Agent({ keepAlive: true });
connections.keepSocketAlive = () => false;
proxy.on("proxyRes", (answer, _request, response) => {
  // Only the beginning of an answer may not take forever.
  answer.socket.setTimeout(0);
  // A server that ends in the middle of its answer must not leave the client waiting for the rest.
  answer.once("close", () => !answer.complete && response.destroy());
  // Whoever waits for events must learn at once that the stream is open, not only with its first event.
  if (answer.headers["content-length"] === undefined) queueMicrotask(() => response.flushHeaders());
});
// What a client still sends after the server has hung up is dropped, so that the client gets to the server's last words.
proxy.on("open", (upstream) => upstream.on("unpipe", (client: Socket) => client.resume()));

interface Route {
  service: string;
  port: number;
  /** The path at the server behind. */
  path: string;
  /** Whether a request must carry one of the project's API keys. */
  needsKey: boolean;
  /** Whether a request must carry a valid JWT. */
  needsJwt: boolean;
  /** Functions answer preflights themselves; elsewhere the gateway does. They also fail in words of their own. */
  isFunction: boolean;
}

/** A request that ends here, with the answer that the platform's gateway gives. */
class Refusal extends Error {
  readonly status: number;
  readonly body: Record<string, string>;

  constructor(status: number, body: Record<string, string>) {
    super(body.message ?? body.msg);
    this.status = status;
    this.body = body;
  }
}

/** Reached from a mail, a browser's redirect or by another server: these carry no key. */
const openAuthPaths = new Set(["/verify", "/callback", "/authorize", "/.well-known/jwks.json", "/health"]);

function routeOf(path: string): Route {
  const under = (prefix: string) =>
    path === prefix || path.startsWith(`${prefix}/`) ? path.slice(prefix.length) || "/" : undefined;
  const { auth, rest, realtime, storage } = settings.upstreams;
  const usual = { needsKey: true, needsJwt: false, isFunction: false };

  const authPath = under("/auth/v1");
  if (authPath !== undefined) {
    return { ...usual, service: "auth", port: auth, path: authPath, needsKey: !openAuthPaths.has(authPath) };
  }
  const restPath = under("/rest/v1");
  if (restPath !== undefined) return { ...usual, service: "rest", port: rest, path: restPath };
  const broadcastPath = under("/realtime/v1/api");
  if (broadcastPath !== undefined) {
    return { ...usual, service: "realtime", port: realtime, path: `/api${broadcastPath}` };
  }
  const socketPath = under("/realtime/v1");
  if (socketPath !== undefined) {
    return { ...usual, service: "realtime", port: realtime, path: `/socket${socketPath}`, needsKey: false };
  }
  const functionPath = under("/functions/v1");
  if (functionPath !== undefined) {
    const name = functionPath.split("/")[1];
    const target = settings.functions.find((candidate) => candidate.name === name);
    if (target === undefined) {
      throw new Refusal(404, { code: "NOT_FOUND", message: "Requested function was not found" });
    }
    const { port, verifyJwt } = target;
    return {
      service: `function-${target.name}`,
      port,
      path: functionPath,
      needsKey: false,
      needsJwt: verifyJwt,
      isFunction: true,
    };
  }
  const storagePath = under("/storage/v1");
  if (storagePath !== undefined) {
    return { ...usual, service: "storage", port: storage, path: storagePath, needsKey: false };
  }
  if (under("/graphql/v1") !== undefined) {
    throw new Refusal(501, { message: "The service graphql is not offered locally yet." });
  }
  throw new Refusal(404, { message: "no Route matched with those values" });
}

function corsHeaders(request: IncomingMessage): Record<string, string> {
  return {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS",
    "access-control-allow-headers": request.headers["access-control-request-headers"] ??
      "authorization, x-client-info, apikey, content-type, x-retry-count",
    "access-control-max-age": "3600",
  };
}

function answer(response: ServerResponse, status: number, body: Record<string, string>): void {
  if (!response.headersSent) {
    response.writeHead(status, { "content-type": "application/json", "access-control-allow-origin": "*" });
  }
  response.end(JSON.stringify(body));
}

function addressOf(request: IncomingMessage): URL {
  const url = new URL(request.url ?? "/", `http://${host}`);
  url.pathname = rewrites[url.pathname.replace(/\/$/, "")] ?? url.pathname;
  return url;
}

/** Puts the request into the form in which the server behind wants it, or refuses it. */
async function admit(request: IncomingMessage, route: Route, url: URL): Promise<void> {
  const { headers } = request;
  // Who is calling, the connection says; what a client claims about it would only forge the address that limits count by.
  delete headers["x-forwarded-for"];
  delete headers["cf-connecting-ip"];
  const key = ApiKeys.of(headers, url);
  const token = key === undefined ? undefined : keys.token(key);
  if (route.needsKey && key === undefined) {
    throw new Refusal(401, {
      message: "No API key found in request",
      hint: "No `apikey` request header or url param was found.",
    });
  }
  if (route.needsKey && token === undefined) {
    throw new Refusal(401, {
      message: "Invalid API key",
      hint: "Double check your Supabase `anon` or `service_role` API key.",
    });
  }
  const authorization = keys.authorization(headers.authorization, key);
  if (authorization !== undefined) headers.authorization = authorization;
  if (token !== undefined && headers.apikey !== undefined) headers.apikey = token;
  if (token !== undefined && url.searchParams.has("apikey") && route.service === "realtime") {
    url.searchParams.set("apikey", token);
  } else if (route.service !== "realtime" && !route.isFunction) {
    // PostgREST would take it for a filter.
    url.searchParams.delete("apikey");
  }
  if (route.needsJwt && request.method !== "OPTIONS" && !await keys.isValid(authorization)) {
    throw new Refusal(401, { msg: "Invalid JWT" });
  }
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = addressOf(request);
  const template = mailTemplates.get(/^\/email\/(.+)\.html$/.exec(url.pathname)?.[1] ?? "");
  if (template !== undefined) {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(readFileSync(template));
    return;
  }
  const route = routeOf(url.pathname);
  if (request.method === "OPTIONS" && !route.isFunction) {
    response.writeHead(204, corsHeaders(request)).end();
    return;
  }
  await admit(request, route, url);
  request.url = route.path + url.search;
  if (!route.isFunction) response.setHeader("access-control-allow-origin", "*");
  // A server may answer before it has read everything; the rest must not stay in the way of the next request.
  response.once("finish", () => request.unpipe().resume());
  const target = `http://${host}:${route.port}`;
  const begin = Date.now();
  const proxyTimeout = route.isFunction ? settings.functionPatience : undefined;
  proxy.web(
    request,
    response,
    { target, agent: connections, ...proxyTimeout && { proxyTimeout } },
    (error) => {
      const { status, body } = failureOf(route, error, Date.now() - begin);
      answer(response, status, body);
    },
  );
}

/** Whether nobody listens there. */
function isRefused(error: Error): boolean {
  return "code" in error && error.code === "ECONNREFUSED";
}

/** What the platform answers for a server that gave no answer. */
function failureOf({ isFunction, service }: Route, error: Error, waited: number): Refusal {
  if (!isFunction) return new Refusal(502, { message: `The service ${service} does not answer.` });
  if (waited >= settings.functionPatience) {
    const message = `Request idle timeout limit (${settings.functionPatience / 1000}s) reached`;
    return new Refusal(504, { code: "IDLE_TIMEOUT", message });
  }
  return isRefused(error)
    ? new Refusal(503, { code: "BOOT_ERROR", message: "Function failed to start (please check logs)" })
    : new Refusal(500, {
      code: "WORKER_ERROR",
      message: "Function exited due to an error (please check logs)",
    });
}

function refuse(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  console.error(JSON.stringify({ level: "error", message: String(error) }));
  return new Refusal(500, { message: "The gateway failed; see its log." });
}

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    const { status, body } = refuse(error);
    // The rest of the body is of no use, and a client which still sends it must be able to read the answer.
    request.resume();
    answer(response, status, body);
  });
});

server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
  const connect = async () => {
    const url = addressOf(request);
    const route = routeOf(url.pathname);
    await admit(request, route, url);
    request.url = route.path + url.search;
    proxy.ws(request, socket, head, { target: `http://${host}:${route.port}` }, (error) => {
      // Any other error meets a connection that may have begun already.
      if (isRefused(error)) hangUp(failureOf(route, error, 0));
      else socket.destroy();
    });
  };
  const hangUp = (error: unknown) => {
    const { status, body } = refuse(error);
    const text = JSON.stringify(body);
    socket.end(
      `HTTP/1.1 ${status} Refused\r\ncontent-type: application/json\r\ncontent-length: ${
        Buffer.byteLength(text)
      }\r\n` +
        `connection: close\r\n\r\n${text}`,
    );
  };
  socket.on("error", () => socket.destroy());
  connect().catch(hangUp);
});

// Browsers and phones keep connections open for long; a shorter patience here would cut requests in half.
server.keepAliveTimeout = 75_000;
server.listen(settings.port, host);
process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeAllConnections();
});
