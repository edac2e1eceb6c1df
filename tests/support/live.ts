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
