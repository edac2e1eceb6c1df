import { connect } from "../_shared/database.ts";
import { databaseSettings, readEnvironment } from "../_shared/env.ts";
import { createLog } from "../_shared/log.ts";
import { openkjCall } from "./database.ts";
import { handle } from "./handler.ts";

const settings = readEnvironment(databaseSettings, Deno.env.toObject());
const call = openkjCall(connect(settings.SUPABASE_DB_URL, { role: "openkj_gateway" }));
const log = createLog("openkj", settings.LOG_LEVEL);

Deno.serve((request, connection) =>
  handle(request, {
    call,
    log,
    peer: connection.remoteAddr.transport === "tcp" ? connection.remoteAddr.hostname : undefined,
  })
);
