import { expect, test } from "vitest";
import { socket, uniqueTopic } from "./support.ts";

test("a client may have 100 channels and not one more; leaving makes room", async () => {
  const connection = await socket();
  const topics = Array.from({ length: 101 }, () => uniqueTopic("many"));
  for (const [index, topic] of topics.slice(0, 100).entries()) {
    expect((await connection.join(topic, {}, {}, String(index + 1))).status).toBe("ok");
  }
  expect(await connection.join(topics[100]!, {}, {}, "101")).toEqual({
    status: "error",
    response: { reason: "ChannelRateLimitReached: Too many channels" },
  });
  connection.send("1", "102", `realtime:${topics[0]}`, "phx_leave", {});
  await connection.reply("102");
  expect((await connection.join(topics[100]!, {}, {}, "103")).status).toBe("ok");
});
