import * as z from "zod";

const port = z.int().positive();

/** What the gateway needs to know, as JSON in the variable GATEWAY_SETTINGS. */
export const gatewaySettings = z.object({
  port,
  upstreams: z.object({ auth: port, rest: port, realtime: port, storage: port }),
  functions: z.array(z.object({ name: z.string(), port, verifyJwt: z.boolean() })),
  /** Milliseconds that a function may take to begin its answer: the platform's. */
  functionPatience: z.int().positive().default(150_000),
  keys: z.object({ anon: z.string(), serviceRole: z.string(), publishable: z.string(), secret: z.string() }),
  jwtSecret: z.string(),
  publicKeys: z.array(z.looseObject({ kty: z.string() })),
  /** The files of the mails' texts, which Auth fetches like any other address. */
  mailTemplates: z.record(z.string(), z.string()),
});

export type GatewaySettings = z.input<typeof gatewaySettings>;
