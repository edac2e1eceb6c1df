import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { apiUrl, databaseUrl, type Instance, root } from "./instance.ts";
import { jwtSecret } from "./keys.ts";
import { host } from "./ports.ts";

const demo = z.object({
  accounts: z.array(z.object({ who: z.string(), email: z.string(), password: z.string() })),
  openkj: z.object({ key: z.string() }),
  try: z.array(z.string()),
});

/** Who and what the demo's seeds have planted. */
export function readDemo(): z.infer<typeof demo> {
  return demo.parse(JSON.parse(readFileSync(join(root, "seed", "demo", "accounts.json"), "utf8")));
}

/** An instance in the words of `supabase status -o env`, and what the demo adds. */
export function variablesOf(instance: Instance): Record<string, string> {
  const api = apiUrl(instance);
  const inbox = `http://${host}:${instance.ports.inbox}`;
  const { accounts, openkj } = readDemo();
  return {
    API_URL: api,
    REST_URL: `${api}/rest/v1`,
    FUNCTIONS_URL: `${api}/functions/v1`,
    DB_URL: databaseUrl(instance),
    ANON_KEY: instance.keys.anonKey,
    SERVICE_ROLE_KEY: instance.keys.serviceRoleKey,
    PUBLISHABLE_KEY: instance.keys.publishableKey,
    SECRET_KEY: instance.keys.secretKey,
    JWT_SECRET: jwtSecret,
    INBOX_URL: inbox,
    INBUCKET_URL: inbox,
    MAILPIT_URL: inbox,
    OPENKJ_URL: `${api}/functions/v1/openkj`,
    OPENKJ_DEMO_KEY: openkj.key,
    ...Object.fromEntries(accounts.flatMap(({ who, email, password }) => [
      [`${who.toUpperCase()}_EMAIL`, email],
      [`${who.toUpperCase()}_PASSWORD`, password],
    ])),
  };
}
