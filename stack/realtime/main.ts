import { readFile } from "node:fs/promises";
import type { Server as HttpServer } from "node:http";
import { serve } from "@hono/node-server";
import postgres from "postgres";
import { sqlState } from "./authorization.ts";
import { createApi } from "./http.ts";
import { log } from "./log.ts";
import { acceptSockets, createServer } from "./server.ts";
import { readDatabaseUrl, readSettings } from "./settings.ts";

const hour = 3_600_000;

const commands: Record<string, () => Promise<void>> = { serve: runServer, migrate };

const command = process.argv[2] ?? "serve";
try {
  const run = commands[command];
  if (!run) throw new Error(`unknown command "${command}"; use one of: ${Object.keys(commands).join(", ")}`);
  await run();
} catch (error) {
  process.stderr.write(
    `realtime: ${error instanceof Error ? error.message || String(error) : String(error)}\n`,
  );
  process.exit(1);
}

/** Makes or updates everything in schema `realtime`. */
async function migrate(): Promise<void> {
  const sql = connect(readDatabaseUrl(process.env), 1);
  for (const file of ["schema.sql", "changes.sql"]) {
    await sql.unsafe(await readFile(new URL(file, import.meta.url), "utf8"));
  }
  await sql.end();
  log("info", "schema realtime is up to date");
}

async function runServer(): Promise<void> {
  const settings = readSettings(process.env);
  const sql = connect(settings.databaseUrl, 8);
  await sql`select realtime.maintain_partitions()`.catch((error: unknown) => {
    const isMissing = ["3F000", "42883"].includes(sqlState(error) ?? "");
    throw isMissing ? new Error("schema realtime is not there yet: run the command migrate first") : error;
  });
  const server = await createServer(settings, sql);

  const http = serve(
    { fetch: createApi(server).fetch, hostname: settings.host, port: settings.port },
    (address) => {
      log("info", "listening", { host: settings.host, port: address.port });
    },
  ) as HttpServer;
  http.on("error", (error) => {
    process.stderr.write(`realtime: cannot listen on ${settings.host}:${settings.port}: ${error.message}\n`);
    process.exit(1);
  });
  acceptSockets(server, http);

  setInterval(() => {
    sql`select realtime.maintain_partitions()`.catch((error: unknown) => {
      log("error", "partitions could not be maintained", { error });
    });
  }, hour).unref();

  const stop = async () => {
    log("info", "stopping");
    server.isStopping = true;
    http.close();
    await server.broadcasts.stop();
    await server.returning.freeze();
    for (const connection of server.connections) connection.shutDown();
    await sql.end({ timeout: 1 });
    process.exit(0);
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

function connect(databaseUrl: string, connections: number): postgres.Sql {
  return postgres(databaseUrl, {
    max: connections,
    connect_timeout: 10,
    onnotice: () => {},
    connection: { application_name: "realtime" },
  });
}
