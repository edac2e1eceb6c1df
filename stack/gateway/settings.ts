import * as z from "zod";

const port = z.int().positive();

/** What the gateway needs to know, as JSON in the variable GATEWAY_SETTINGS. */
export const gatewaySettings = z.object({
  port,
  upstreams: z.object({ auth: port, rest: port, realtime: port, storage: port }),
  functions: z.array(z.object({ name: z.string(), port, verifyJwt: z.boolean() })),
  keys: z.object({ anon: z.string(), serviceRole: z.string(), publishable: z.string(), secret: z.string() }),
  jwtSecret: z.string(),
  publicKey: z.looseObject({ kty: z.string() }),
});

export type GatewaySettings = z.infer<typeof gatewaySettings>;
