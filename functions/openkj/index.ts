import { connect } from "../_shared/database.ts";
import { databaseSettings, readEnvironment } from "../_shared/env.ts";
import { createLog } from "../_shared/log.ts";
import { openkjCall, openkjPolls } from "./database.ts";
import { handle } from "./handler.ts";
import { sharing } from "./polls.ts";
import { Turns } from "./turns.ts";

const settings = readEnvironment(databaseSettings, Deno.env.toObject());
const database = connect(settings.SUPABASE_DB_URL, { role: "openkj_gateway" });
const dependencies = {
  call: openkjCall(database, crypto.randomUUID()),
  poll: sharing(openkjPolls(database)),
  turns: new Turns(),
  log: createLog("openkj", settings.LOG_LEVEL),
};

Deno.serve((request, connection) =>
  handle(request, {
    ...dependencies,
    peer: connection.remoteAddr.transport === "tcp" ? connection.remoteAddr.hostname : undefined,
  })
);
