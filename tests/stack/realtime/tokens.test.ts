import { createHmac, generateKeyPairSync, randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import {
  database,
  environment,
  pause,
  policies,
  refusedUpgrade,
  socket,
  socketUrl,
  uniqueTopic,
  userToken,
} from "./support.ts";

const alice = randomUUID();
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token with any header, signed with any text as the secret. */
function forged(
  header: Record<string, unknown>,
  secret: string,
  claims: Record<string, unknown> = {},
): string {
  const expires = Math.floor(Date.now() / 1000) + 3600;
  const content = `${encode(header)}.${
    encode({ role: "service_role", sub: alice, exp: expires, ...claims })
  }`;
  return `${content}.${createHmac("sha256", secret).update(content).digest("base64url")}`;
}

const publicKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({
  type: "spki",
  format: "pem",
});

const bad = {
  rubbish: () => "no token at all",
  "alg none": () => `${forged({ typ: "JWT", alg: "none" }, "").split(".").slice(0, 2).join(".")}.`,
  "a wrong signature": () => forged({ typ: "JWT", alg: "HS256" }, "somebody else's secret"),
  "HS256 with a public key": () => forged({ typ: "JWT", alg: "HS256" }, publicKey.toString()),
  "an unknown key": () => forged({ typ: "JWT", alg: "ES256", kid: randomUUID() }, environment.jwtSecret),
  "no role": () => userToken({ claims: { role: undefined } }),
  "no expiry": () => forged({ typ: "JWT", alg: "HS256" }, environment.jwtSecret, { exp: undefined }),
  "an expiry in the past": () => userToken({ expiresIn: -60 }),
};

const refusals: Record<keyof typeof bad, RegExp> = {
  rubbish: /^MalformedJWT: The token provided is not a valid JWT$/,
  "alg none": /^JwtSignerError: Failed to generate JWT signer/,
  "a wrong signature": /^JwtSignatureError: Failed to validate JWT signature$/,
  "HS256 with a public key": /^JwtSignatureError: Failed to validate JWT signature$/,
  "an unknown key": /^JwtSignerError: Failed to generate JWT signer/,
  "no role": /^InvalidJWTToken: Fields `role` and `exp` are required in JWT$/,
  "no expiry": /^InvalidJWTToken: Fields `role` and `exp` are required in JWT$/,
  "an expiry in the past": /^InvalidJWTToken: Token has expired \d+ seconds ago$/,
};

const cases = Object.keys(bad) as (keyof typeof bad)[];

beforeAll(async () => {
  await policies("token", {
    read: `auth.uid() = '${alice}' and not coalesce((auth.jwt() ->> 'banned')::boolean, false)`,
  });
});

describe("a connection", () => {
  const atConnect = (name: keyof typeof bad): RegExp =>
    name === "an expiry in the past"
      ? /^Token has expired$/
      : new RegExp(refusals[name].source.replace(/\^\w+: /, "^"));

  test("needs a key", async () => {
    const { status, body } = await refusedUpgrade({ vsn: "2.0.0" });
    expect([status, JSON.parse(body)]).toEqual([401, { error: "API key is missing" }]);
  });

  test.each(cases)("is refused with %s as the key", async (name) => {
    const { status, body } = await refusedUpgrade({ vsn: "2.0.0", apikey: await bad[name]() });
    expect(status).toBe(401);
    expect(JSON.parse(body)).toEqual({ error: expect.stringMatching(atConnect(name)) });
  });

  test("may bring its key as a header", async () => {
    const withHeader = (key: string) =>
      new Promise<number>((resolve) => {
        const attempt = new WebSocket(socketUrl({ vsn: "2.0.0" }), { headers: { "x-api-key": key } });
        attempt.on("error", () => {});
        attempt.on("open", () => resolve(attempt.terminate() ?? 101));
        attempt.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
      });
    expect(await withHeader(environment.anonKey)).toBe(101);
    expect(await withHeader("nonsense")).toBe(401);
  });
});

describe("a join", () => {
  test.each(cases)("is refused with %s", async (name) => {
    const connection = await socket();
    const { status, response } = await connection.join(uniqueTopic("join"), {}, {
      access_token: await bad[name](),
    });
    expect(status).toBe("error");
    expect((response as { reason: string }).reason).toMatch(refusals[name]);
  });

  test("takes the key's own token when it has none, or one that is a key", async () => {
    const connection = await socket();
    for (const [index, token] of [undefined, null, "sb_publishable_something"].entries()) {
      const reply = await connection.join(
        uniqueTopic("join"),
        {},
        { access_token: token },
        String(index + 1),
      );
      expect(reply.status).toBe("ok");
    }
  });

  test("may bring its token under the older name, which then counts", async () => {
    const connection = await socket();
    const mine = await userToken({ sub: alice });
    const none = await userToken({ sub: alice, claims: { banned: true } });
    const tokens = [{ user_token: mine, access_token: none }, { user_token: none, access_token: mine }];
    const answers = [];
    for (const [index, given] of tokens.entries()) {
      const topic = uniqueTopic("token");
      answers.push((await connection.join(topic, { private: true }, given, String(index + 1))).status);
    }
    expect(answers).toEqual(["ok", "error"]);
  });
});

describe("a new token on a joined channel", () => {
  async function joined() {
    const topic = uniqueTopic("token");
    const connection = await socket();
    const token = await userToken({ sub: alice, expiresIn: 4 });
    expect((await connection.join(topic, { private: true }, { access_token: token })).status).toBe("ok");
    const present = (value: unknown) =>
      connection.send("1", "9", `realtime:${topic}`, "access_token", { access_token: value });
    return { topic, connection, token, present };
  }

  test("extends it: it lives on after the first token has expired", async () => {
    const { topic, connection, present } = await joined();
    present(await userToken({ sub: alice }));
    await pause(5_000);
    await database`select realtime.send('{"still": "here"}', 'greeting', ${topic})`;
    await connection.frame((frame) => frame[3] === "phx_close", 500).then(
      () => expect.fail("the channel was closed"),
      () => {},
    );
    expect(connection.raw.some((frame) => Buffer.isBuffer(frame) && frame.includes("still"))).toBe(true);
  });

  test("that may not read the topic ends it", async () => {
    const { topic, connection, present } = await joined();
    present(await userToken({ sub: alice, claims: { banned: true } }));
    const [, , , , system] = await connection.frame((frame) => frame[3] === "system");
    expect(system).toEqual({
      extension: "system",
      status: "error",
      message: `You no longer have permission to read from this Channel topic: ${topic}`,
      channel: topic,
    });
    await connection.frame((frame) => frame[3] === "phx_close");
  });

  test.each(cases)("with %s ends it", async (name) => {
    const { connection, present } = await joined();
    present(await bad[name]());
    const [, , , , system] = await connection.frame((frame) => frame[3] === "system");
    expect(system).toMatchObject({ extension: "system", status: "error" });
    await connection.frame((frame) => frame[3] === "phx_close");
  });

  test("is ignored when it is the same, null, a key or no text", async () => {
    const { connection, token, present } = await joined();
    for (const value of [token, null, "sb_secret_something", 42, { nested: true }]) present(value);
    connection.send(null, "3", "phoenix", "heartbeat", {});
    await connection.reply("3");
    await pause(300);
    expect(connection.frames.filter((frame) => frame[3] !== "phx_reply")).toEqual([]);
  });
});
