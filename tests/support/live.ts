import * as z from "zod";
import type { Client } from "./people.ts";

/** One broadcast as a client received it. */
export interface Heard {
  event: string;
  payload: Record<string, unknown>;
}

/**
 * Listens to a private topic. Resolves, once subscribed, with the list of what is heard, which goes on growing;
 * rejects when the subscription is refused.
 */
export async function follow(client: Client, topic: string): Promise<Heard[]> {
  const heard: Heard[] = [];
  await client.realtime.setAuth();
  const channel = client.channel(topic, { config: { private: true } });
  channel.on("broadcast", { event: "*" }, ({ event, payload }) => {
    heard.push({ event, payload: payload as Record<string, unknown> });
  });
  await new Promise<void>((resolve, reject) => {
    channel.subscribe((status, error) => {
      if (status === "SUBSCRIBED") resolve();
      else if (status !== "CLOSED") reject(error ?? new Error(`${topic}: ${status}`));
    });
  });
  return heard;
}

const toldRequests = z.object({
  venue_id: z.uuid(),
  serial: z.number().int(),
  requests: z.array(z.strictObject({
    request_id: z.number().int(),
    openkj_request_id: z.number().int(),
    state: z.string(),
    version: z.number().int(),
  })),
});

/** The requests that an event of a venue's queue tells of; throws when it holds anything else. */
export function requestsIn(payload: Record<string, unknown>): z.infer<typeof toldRequests>["requests"] {
  return toldRequests.parse(payload).requests;
}
