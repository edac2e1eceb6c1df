import { z } from "zod";

const wholeNumber = (fallback: number) => z.coerce.number().int().nonnegative().default(fallback);
const flag = z.enum(["true", "false"]).default("false").transform((value) => value === "true");

const jsonWebKeys = z.string().default('{"keys":[]}').transform((text, context) => {
  try {
    return z.object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string().optional() })) })
      .parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: "custom", message: 'must be a JSON Web Key Set: {"keys":[…]}' });
    return z.NEVER;
  }
});

/** The quotas: the defaults leave room for load tests; a hosted project's own are in its plan. */
const limits = z.object({
  REALTIME_MAX_CONCURRENT_USERS: wholeNumber(10_000),
  REALTIME_MAX_EVENTS_PER_SECOND: wholeNumber(100_000),
  REALTIME_MAX_JOINS_PER_SECOND: wholeNumber(2_500),
  REALTIME_MAX_CHANNELS_PER_CLIENT: wholeNumber(100),
  REALTIME_MAX_PRESENCE_EVENTS_PER_SECOND: wholeNumber(10_000),
  REALTIME_MAX_PAYLOAD_KILOBYTES: wholeNumber(3_000),
  REALTIME_MAX_CLIENT_PRESENCE_CALLS: wholeNumber(5),
  REALTIME_CLIENT_PRESENCE_WINDOW_MS: wholeNumber(30_000),
  REALTIME_MAX_BUFFERED_BYTES: wholeNumber(16 * 1024 * 1024),
  REALTIME_IDLE_TIMEOUT_MS: wholeNumber(60_000),
  REALTIME_NO_CHANNEL_TIMEOUT_MS: wholeNumber(600_000),
  REALTIME_PRIVATE_ONLY: flag,
}).transform((environment) => ({
  users: environment.REALTIME_MAX_CONCURRENT_USERS,
  eventsPerSecond: environment.REALTIME_MAX_EVENTS_PER_SECOND,
  joinsPerSecond: environment.REALTIME_MAX_JOINS_PER_SECOND,
  channelsPerClient: environment.REALTIME_MAX_CHANNELS_PER_CLIENT,
  presenceEventsPerSecond: environment.REALTIME_MAX_PRESENCE_EVENTS_PER_SECOND,
  payloadBytes: environment.REALTIME_MAX_PAYLOAD_KILOBYTES * 1000 + 500,
  clientPresenceCalls: environment.REALTIME_MAX_CLIENT_PRESENCE_CALLS,
  clientPresenceWindow: environment.REALTIME_CLIENT_PRESENCE_WINDOW_MS,
  bufferedBytes: environment.REALTIME_MAX_BUFFERED_BYTES,
  idleTimeout: environment.REALTIME_IDLE_TIMEOUT_MS,
  noChannelTimeout: environment.REALTIME_NO_CHANNEL_TIMEOUT_MS,
  privateOnly: environment.REALTIME_PRIVATE_ONLY,
}));

const server = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535),
  HOST: z.string().default("127.0.0.1"),
  DATABASE_URL: z.url(),
  API_JWT_SECRET: z.string().min(1),
  API_JWT_JWKS: jsonWebKeys,
  /** Slots are named within a whole cluster: servers of two of its databases need different names. */
  SLOT_NAME_SUFFIX: z.string().regex(/^[a-z0-9_]{0,19}$/, "must be up to 19 of a–z, 0–9 and _").default(""),
}).transform((environment) => ({
  port: environment.PORT,
  host: environment.HOST,
  databaseUrl: environment.DATABASE_URL,
  jwtSecret: environment.API_JWT_SECRET,
  jwks: environment.API_JWT_JWKS,
  slotSuffix: environment.SLOT_NAME_SUFFIX,
}));

export type Limits = z.output<typeof limits>;
export type Settings = z.output<typeof server> & { limits: Limits };
export type JsonWebKeySet = Settings["jwks"];

type Environment = Record<string, string | undefined>;

/** Reads the server's settings; throws one line that names every variable that is missing or wrong. */
export function readSettings(environment: Environment): Settings {
  return { ...parse(server, environment), limits: parse(limits, environment) };
}

/** Reads what `migrate` needs: only the database. */
export function readDatabaseUrl(environment: Environment): string {
  return parse(z.object({ DATABASE_URL: z.url() }), environment).DATABASE_URL;
}

function parse<T extends z.ZodType>(schema: T, environment: Environment): z.output<T> {
  const result = schema.safeParse(environment);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`settings: ${problems.join("; ")}`);
}
