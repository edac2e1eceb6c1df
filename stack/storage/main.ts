// Storage for the local stack: files in a folder, their rows and everybody's rights in the database.
import { mkdirSync } from "node:fs";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import postgres from "postgres";
import { buckets } from "./buckets.ts";
import { Tokens } from "./caller.ts";
import { errorResponse } from "./errors.ts";
import { Files } from "./files.ts";
import { objects } from "./objects.ts";
import type { Service } from "./service.ts";
import { readSettings } from "./settings.ts";

function createServer(service: Service): Hono {
  const app = new Hono({ strict: false });
  app.get("/health", (c) => c.text("ok"));
  app.route("/bucket", buckets(service));
  app.route("/object", objects(service));
  app.all(
    "*",
    (c) => c.json({ statusCode: "501", error: "not_offered", message: "This is not offered locally." }, 501),
  );
  app.onError((error) => errorResponse(error));
  return app;
}

async function run(): Promise<void> {
  const settings = readSettings(process.env);
  mkdirSync(settings.FILES, { recursive: true });
  const sql = postgres(settings.DATABASE_URL, {
    max: 8,
    idle_timeout: 30,
    onnotice: () => {},
    // Sizes are numbers in the answers of the API.
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
  });
  const files = new Files(settings.FILES);
  await files.sweep(async (versions) => {
    const rows = await sql<{ version: string }[]>`
      select version from storage.objects where version = any (${versions})
    `;
    return new Set(rows.map(({ version }) => version));
  });
  const app = createServer({
    sql,
    files,
    tokens: new Tokens(settings),
    sizeLimit: settings.FILE_SIZE_LIMIT,
  });
  const server = serve({ fetch: app.fetch, hostname: settings.HOST, port: settings.PORT });
  process.on("SIGTERM", () => {
    server.close(() => process.exit(0));
    if ("closeIdleConnections" in server) server.closeIdleConnections();
    setTimeout(() => process.exit(0), 3000).unref();
  });
}

try {
  await run();
} catch (error) {
  process.stderr.write(`storage cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
