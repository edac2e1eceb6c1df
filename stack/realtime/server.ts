import type { IncomingMessage, Server as HttpServer } from "node:http";
import type { Duplex } from "node:stream";
import type postgres from "postgres";
import { WebSocketServer } from "ws";
import { createAuthorization } from "./authorization.ts";
import type { Authorization } from "./authorization.ts";
import { followDatabase, returnMilliseconds } from "./broadcasts.ts";
import type { DatabaseBroadcasts } from "./broadcasts.ts";
import { Connection } from "./connection.ts";
import type { Client } from "./connection.ts";
import { log } from "./log.ts";
import { PostgresChanges } from "./postgres-changes.ts";
import { Presence } from "./presence.ts";
import { Rate } from "./rates.ts";
import { createReplay } from "./replay.ts";
import type { Replay } from "./replay.ts";
import { Returning } from "./returning.ts";
import { Rooms } from "./rooms.ts";
import type { Limits, Settings } from "./settings.ts";
import { createVerifier, TokenRefusal } from "./tokens.ts";
import type { Verify } from "./tokens.ts";

const largestFrame = 5_000_000;
const longestIdleCheck = 5_000;

/** Everything the channels of this server share. */
export interface Server {
  limits: Limits;
  verify: Verify;
  authorization: Authorization;
  replay: Replay;
  rooms: Rooms;
  presence: Presence;
  returning: Returning;
  changes: PostgresChanges;
  broadcasts: DatabaseBroadcasts;
  connections: Set<Connection>;
  /** From then on nobody joins any more. */
  isStopping: boolean;
  /** Messages that clients sent or received, joins, and presence events: for the quotas. */
  events: Rate;
  joins: Rate;
  presenceEvents: Rate;
}

/** Builds the server's state and starts following the database. */
export async function createServer(settings: Settings, sql: postgres.Sql): Promise<Server> {
  const events = new Rate();
  const rooms = new Rooms(events, settings.limits.eventsPerSecond);
  const returning = new Returning(sql);
  const broadcasts = await followDatabase({
    sql,
    databaseUrl: settings.databaseUrl,
    slotSuffix: settings.slotSuffix,
    onReturn: () => returning.noteAgain(),
    deliver: (room, broadcast) => rooms.broadcast(room, { kind: "user", broadcast }),
  });
  // The slot is ours, so nobody listens through an earlier server any more.
  await sql`delete from realtime.subscription`;
  await returning.takeOver(returnMilliseconds);
  return {
    limits: settings.limits,
    verify: createVerifier(settings.jwtSecret, settings.jwks),
    authorization: createAuthorization(sql),
    replay: createReplay(sql),
    rooms,
    presence: new Presence(),
    returning,
    changes: new PostgresChanges(sql, settings.databaseUrl),
    broadcasts,
    connections: new Set(),
    isStopping: false,
    events,
    joins: new Rate(),
    presenceEvents: new Rate(),
  };
}

/** Takes WebSocket upgrades on /socket/websocket. */
export function acceptSockets(server: Server, http: HttpServer): void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: largestFrame, perMessageDeflate: false });
  http.on("upgrade", (request, stream, head) => {
    stream.on("error", () => stream.destroy());
    admit(server, request).then(
      (client) =>
        sockets.handleUpgrade(request, stream, head, (socket) => {
          server.connections.add(new Connection(server, socket, stream, client));
        }),
      (error: unknown) => refuse(stream, error),
    );
  });
  const { idleTimeout, noChannelTimeout } = server.limits;
  setInterval(() => {
    const now = Date.now();
    for (const connection of server.connections) connection.checkIdle(now);
  }, Math.min(longestIdleCheck, idleTimeout, noChannelTimeout)).unref();
}

class UpgradeError extends Error {
  readonly status: string;

  constructor(status: string, message: string) {
    super(message);
    this.status = status;
  }
}

async function admit(server: Server, request: IncomingMessage): Promise<Client> {
  const url = new URL(request.url ?? "/", "http://localhost");
  if (url.pathname !== "/socket/websocket") throw new UpgradeError("404 Not Found", "Not found");
  const version = url.searchParams.get("vsn") ?? "1.0.0";
  if (version !== "1.0.0" && version !== "2.0.0") {
    throw new UpgradeError("403 Forbidden", `Unsupported protocol version ${version}`);
  }
  const header = request.headers["x-api-key"];
  const apiToken = (typeof header === "string" ? header : null) ?? url.searchParams.get("apikey");
  if (!apiToken) throw new UpgradeError("401 Unauthorized", "API key is missing");
  if (server.connections.size >= server.limits.users) {
    throw new UpgradeError("429 Too Many Requests", "Too many connected users");
  }
  if (server.joins.average >= server.limits.joinsPerSecond) {
    throw new UpgradeError("429 Too Many Requests", "Too many joins per second");
  }
  await server.verify(apiToken);
  return { version, apiToken, headers: plainHeaders(request) };
}

function plainHeaders(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return headers;
}

function refuse(stream: Duplex, error: unknown): void {
  const known = error instanceof TokenRefusal
    ? new UpgradeError("401 Unauthorized", error.atConnect)
    : error instanceof UpgradeError
    ? error
    : new UpgradeError("500 Internal Server Error", "Error connecting to Realtime");
  log("warning", "refused a connection", { error: known });
  const body = JSON.stringify({ error: known.message });
  stream.end(
    `HTTP/1.1 ${known.status}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
