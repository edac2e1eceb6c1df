import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { databaseUrl, type Instance } from "../instance.ts";
import { jwtSecret, publicKeys } from "../keys.ts";
import { host } from "../ports.ts";
import { commandOf, replaceable } from "../program.ts";
import { answers, baseEnvironment, type Service } from "../service.ts";

function files(instance: Instance): string {
  return join(instance.folder, "storage");
}

function settings(instance: Instance): Record<string, string> {
  return {
    ...baseEnvironment(),
    HOST: host,
    PORT: String(instance.ports.storage),
    DATABASE_URL: databaseUrl(instance, "supabase_storage_admin"),
    FILES: files(instance),
    FILE_SIZE_LIMIT: instance.config.storage.file_size_limit,
    JWT_SECRET: jwtSecret,
    JWT_JWKS: JSON.stringify({ keys: publicKeys(instance.keys) }),
  };
}

const server = replaceable("storage", "STACK_STORAGE");

export const storage: Service = {
  name: "storage",
  install: (instance) => Promise.resolve(void mkdirSync(files(instance), { recursive: true })),
  start: (instance) => commandOf(server, "serve", settings(instance)),
  ready: (instance) => answers(instance.ports.storage, "/health"),
  stop: "SIGTERM",
};
