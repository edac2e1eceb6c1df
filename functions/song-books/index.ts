import * as z from "zod";
import { connect } from "../_shared/database.ts";
import { databaseSettings, readEnvironment } from "../_shared/env.ts";
import { createLog } from "../_shared/log.ts";
import { projectKeyCheck, projectKeySettings } from "../_shared/project-keys.ts";
import { identifier } from "./caller.ts";
import { SongBooks } from "./database.ts";
import { handle } from "./handler.ts";
import { Storage } from "./storage.ts";

declare const EdgeRuntime: { waitUntil(work: Promise<void>): void } | undefined;

const settings = readEnvironment({
  ...databaseSettings,
  ...projectKeySettings,
  SUPABASE_URL: z.url(),
  SUPABASE_JWKS: z.string().optional(),
}, Deno.env.toObject());

const role = "song_books_gateway";
const books = new SongBooks(
  // The last step of an import of half a million songs takes a while; and a reader who stops reading is cut off.
  connect(settings.SUPABASE_DB_URL, { role, connections: 4, statementSeconds: 300 }),
  connect(settings.SUPABASE_DB_URL, { role, connections: 4, statementSeconds: 300 }),
);
const identify = identifier({
  jwks: settings.SUPABASE_JWKS,
  jwksUrl: `${settings.SUPABASE_URL}/auth/v1/.well-known/jwks.json`,
  isProjectKey: projectKeyCheck(settings),
});
const storage = new Storage(settings.SUPABASE_URL, settings.SUPABASE_SERVICE_ROLE_KEY);
const log = createLog("song-books", settings.LOG_LEVEL);
const inBackground = (work: Promise<void>) => {
  if (typeof EdgeRuntime !== "undefined") EdgeRuntime.waitUntil(work);
};

Deno.serve((request, connection) =>
  handle(request, {
    identify,
    books,
    storage,
    inBackground,
    log,
    peer: connection.remoteAddr.transport === "tcp" ? connection.remoteAddr.hostname : undefined,
  })
);
