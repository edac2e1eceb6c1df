import * as z from "zod";

const variables = z.object({
  API_URL: z.url(),
  DB_URL: z.url(),
  ANON_KEY: z.string().min(1),
  PUBLISHABLE_KEY: z.string().min(1),
  SERVICE_ROLE_KEY: z.string().min(1),
  SECRET_KEY: z.string().min(1),
  JWT_SECRET: z.string().min(1),
  // `supabase status` does not know these two; only tests of this project's own stack open the inbox.
  INBOX_URL: z.url().default("http://127.0.0.1:54324"),
  OPENKJ_URL: z.url().optional(),
});

const result = variables.safeParse(process.env);
if (!result.success) {
  const names = result.error.issues.map((issue) => issue.path.join(".")).join(", ");
  throw new Error(
    `The tests need a running stack in the environment; missing or wrong: ${names}. ` +
      'Run them with `npm test`, or first: set -a; eval "$(npm run -s status)"',
  );
}
const found = result.data;

/** The stack under test: its addresses and keys. Nothing else tells a test where it runs. */
export const environment = {
  apiUrl: found.API_URL,
  databaseUrl: found.DB_URL,
  anonKey: found.ANON_KEY,
  publishableKey: found.PUBLISHABLE_KEY,
  serviceRoleKey: found.SERVICE_ROLE_KEY,
  secretKey: found.SECRET_KEY,
  jwtSecret: found.JWT_SECRET,
  inboxUrl: found.INBOX_URL,
  openkjUrl: found.OPENKJ_URL ?? `${found.API_URL}/functions/v1/openkj`,
};
