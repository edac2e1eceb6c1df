import { databaseUrl, type Instance } from "../instance.ts";
import { jwtSecret, verificationKeys } from "../keys.ts";
import { host } from "../ports.ts";
import { commandOf, replaceable, runToEnd } from "../program.ts";
import { answers, baseEnvironment, type Service } from "../service.ts";

function settings(instance: Instance): Record<string, string> {
  return {
    ...baseEnvironment(),
    HOST: host,
    PORT: String(instance.ports.realtime),
    DATABASE_URL: databaseUrl(instance, "supabase_admin"),
    API_JWT_SECRET: jwtSecret,
    API_JWT_JWKS: JSON.stringify(verificationKeys(instance.keys)),
  };
}

const server = replaceable("realtime", "STACK_REALTIME");

export const realtime: Service = {
  name: "realtime",
  install: (instance) => runToEnd(commandOf(server, "migrate", settings(instance))),
  start: (instance) => commandOf(server, "serve", settings(instance)),
  ready: (instance) => answers(instance.ports.realtime, "/health"),
  stop: "SIGTERM",
};
