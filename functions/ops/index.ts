import { connect, reconnecting } from "../_shared/database.ts";
import { databaseSettings, readEnvironment } from "../_shared/env.ts";
import { createLog } from "../_shared/log.ts";
import { projectKeyCheck, projectKeySettings } from "../_shared/project-keys.ts";
import { handle, type Metric } from "./handler.ts";

const settings = readEnvironment({ ...databaseSettings, ...projectKeySettings }, Deno.env.toObject());
const database = connect(settings.SUPABASE_DB_URL, {
  role: "ops_gateway",
  connections: 1,
  statementSeconds: 3,
});

function newestMigration(): Promise<string | null> {
  return reconnecting(async () => {
    const [row] = await database<{ migration: string | null }[]>`
      select private.newest_migration() as migration
    `;
    return row?.migration ?? null;
  }, 1);
}

function metrics(): Promise<Metric[]> {
  return reconnecting(() => database<Metric[]>`select * from private.metrics()`, 1);
}

const isAllowed = projectKeyCheck(settings);
const log = createLog("ops", settings.LOG_LEVEL);
Deno.serve((request) => handle(request, { newestMigration, metrics, isAllowed, log }));
