import { randomUUID } from "node:crypto";
import { z } from "zod";

/** Some clients send booleans as text. Anything else that does not fit falls back to the default, as the protocol asks. */
const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")]).catch(
  false,
);

const presenceKey = z.union([z.string(), z.number(), z.boolean()]).transform(String).catch("");

const configuration = z.object({
  broadcast: z.object({ ack: flag, self: flag, replication_ready: flag, replay: z.unknown().optional() })
    .catch({
      ack: false,
      self: false,
      replication_ready: false,
      replay: undefined,
    }),
  // Named without more it is off; a client that does not know of the setting gets presence.
  presence: z.object({ key: presenceKey, enabled: flag }).catch({ key: "", enabled: true }),
  postgres_changes: z.array(z.unknown()).catch([]),
  postgres_changes_options: z.object({ wait: flag, timeout: z.number().positive().catch(15_000) }).catch({
    wait: false,
    timeout: 15_000,
  }),
  private: flag,
});

const joinPayload = z.object({
  config: configuration.catch(() => configuration.parse({})),
  access_token: z.string().nullish().catch(null),
  user_token: z.string().nullish().catch(null),
});

/** What a client asks for when it joins a channel. */
export interface Join {
  ack: boolean;
  self: boolean;
  isPrivate: boolean;
  replay: unknown;
  replicationReady: boolean;
  presenceKey: string;
  presenceEnabled: boolean;
  changes: unknown[];
  changesWait: number | null;
  token: string | null;
}

/** Reads a join payload: what does not fit is ignored, the join goes on with the rest. */
export function readJoin(payload: unknown): Join {
  const { config, access_token: accessToken, user_token: userToken } = joinPayload.catch(() =>
    joinPayload.parse({})
  )
    .parse(payload);
  const token = userToken ?? accessToken ?? null;
  return {
    ack: config.broadcast.ack,
    self: config.broadcast.self,
    isPrivate: config.private,
    replay: config.broadcast.replay,
    replicationReady: config.broadcast.replication_ready,
    presenceKey: config.presence.key || randomUUID(),
    presenceEnabled: config.presence.enabled,
    changes: config.postgres_changes.filter((change) => change !== null),
    changesWait: config.postgres_changes_options.wait ? config.postgres_changes_options.timeout : null,
    token: token === null || token.startsWith("sb_") ? null : token,
  };
}
