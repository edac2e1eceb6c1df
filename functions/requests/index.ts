import { connect } from "../_shared/database.ts";
import { databaseSettings, readEnvironment } from "../_shared/env.ts";
import { createLog } from "../_shared/log.ts";
import { Changes } from "./changes.ts";
import { readSerials, requestInterfaceCall } from "./database.ts";
import { handle } from "./handler.ts";

const settings = readEnvironment(databaseSettings, Deno.env.toObject());
const role = "request_interface";
const call = requestInterfaceCall(connect(settings.SUPABASE_DB_URL, { role }));
const log = createLog("requests", settings.LOG_LEVEL);
const changes = new Changes({
  readSerials: readSerials(connect(settings.SUPABASE_DB_URL, { role, connections: 1, statementSeconds: 5 })),
  log,
});

Deno.serve((request, connection) =>
  handle(request, {
    call,
    changes,
    log,
    peer: connection.remoteAddr.transport === "tcp" ? connection.remoteAddr.hostname : undefined,
  })
);
