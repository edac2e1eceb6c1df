import { serve } from "@hono/node-server";
import type { Service } from "./call.ts";
import { connect, migrate } from "./database.ts";
import { createKeys } from "./keys.ts";
import { createLimits } from "./limits.ts";
import { log } from "./log.ts";
import { createMailTransport } from "./mail.ts";
import { createServer } from "./server.ts";
import { readSettings } from "./settings.ts";

const usage = "usage: node stack/auth/main.ts [serve|migrate]";

async function runMigrations(): Promise<void> {
  const url = process.env.GOTRUE_DB_DATABASE_URL || process.env.DATABASE_URL;
  if (!url) throw new Error("DATABASE_URL is missing");
  const sql = connect(url, 1);
  await migrate(sql);
  await sql.end();
  log("info", "the auth schema is in place");
}

async function runServer(): Promise<void> {
  const settings = readSettings(process.env);
  const service: Service = {
    settings,
    sql: connect(settings.databaseUrl, settings.databaseConnections),
    keys: await createKeys(settings.jwt),
    limits: createLimits(settings),
    mail: createMailTransport(settings.mail.smtp),
  };
  await service.sql`select 1 from auth.users limit 1`;
  const server = serve(
    { fetch: createServer(service).fetch, hostname: settings.host, port: settings.port },
    ({ address, port }) => log("info", "listening", { address, port }),
  );
  server.on("error", (error) => fail(error));
  const stop = () => {
    server.close(() => {
      void service.sql.end({ timeout: 2 }).then(() => process.exit(0));
    });
    if ("closeIdleConnections" in server) server.closeIdleConnections();
    setTimeout(() => process.exit(0), 3000).unref();
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

function fail(error: unknown): never {
  const message = error instanceof Error ? error.message || String(error) : String(error);
  process.stderr.write(`auth cannot start: ${message}\n`);
  process.exit(1);
}

const command = process.argv[2] ?? "serve";
if (command !== "serve" && command !== "migrate") {
  process.stderr.write(`${usage}\n`);
  process.exit(2);
}
try {
  await (command === "migrate" ? runMigrations() : runServer());
} catch (error) {
  fail(error);
}
