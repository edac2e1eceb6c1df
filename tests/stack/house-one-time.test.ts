// The real server lets through several who use one code at the same moment; this project's own lets through one.
import { createHash } from "node:crypto";
import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, createUser, database, newAddress, newPhone, password } from "./auth/support/api.ts";
import type { Answer } from "./auth/support/api.ts";
import type { OwnServer } from "./auth/support/own-server.ts";
import { eventsOf, sentBy, startServer } from "./auth/support/own-server.ts";
import { at } from "./auth/support/passing-servers.ts";

const many = 24;
const verifier = "a".repeat(64);
const challenge = {
  code_challenge: createHash("sha256").update(verifier).digest("base64url"),
  code_challenge_method: "s256",
};

let server: OwnServer;

beforeAll(async () => {
  server = await startServer({
    // What is asked here at once is a lot for a busy machine.
    GOTRUE_API_MAX_REQUEST_DURATION: "1m",
    GOTRUE_DB_MAX_POOL_SIZE: "10",
    GOTRUE_EXTERNAL_PHONE_ENABLED: "true",
    GOTRUE_MFA_PHONE_ENROLL_ENABLED: "true",
    GOTRUE_MFA_PHONE_VERIFY_ENABLED: "true",
    GOTRUE_SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION: "true",
    GOTRUE_SMTP_MAX_FREQUENCY: "1m",
  });
});

afterAll(() => server?.stop());

async function together(request: (index: number) => Promise<Answer>): Promise<Answer[]> {
  return await Promise.all(Array.from({ length: many }, (_, index) => request(index)));
}

/** Fails unless one got in and all others were told the same. */
function expectOne(answers: Answer[], refused: [number, string]): Answer {
  const [winner, ...more] = answers.filter(({ status }) => status === 200);
  expect(more).toEqual([]);
  const others = answers.filter((answer) => answer !== winner).map((
    { status, body },
  ) => [status, body?.code]);
  expect(others).toEqual(Array(many - 1).fill(refused));
  return winner as Answer;
}

async function sessionsOf(email: string): Promise<number> {
  const [row] = await database<{ count: number }[]>`
    select count(*)::int as count
    from auth.sessions join auth.users on users.id = sessions.user_id where users.email = ${email}`;
  return row?.count ?? 0;
}

async function mailTo(email: string) {
  return (await sentBy("send_email", email)).email_data;
}

describe("of many at once, one gets in", () => {
  test("with the code of a sign-up", async () => {
    const email = newAddress("crowd");
    await at(server).call("POST", "/signup", { email, password });
    const { token } = await mailTo(email);
    expectOne(
      await together(() => at(server).call("POST", "/verify", { type: "email", email, token })),
      [403, "otp_expired"],
    );
    expect(await sessionsOf(email)).toBe(1);
  });

  test("with a link to sign in, whether a page or an app follows it", async () => {
    const { email } = await createUser("crowd");
    await at(server).call("POST", "/otp", { email });
    const { token_hash: hash } = await mailTo(email);
    const follow = async (index: number) => {
      if (index % 2 === 0) {
        return await at(server).call("POST", "/verify", { type: "magiclink", token_hash: hash });
      }
      const answer = await at(server).call("GET", `/verify?type=magiclink&token=${hash}`);
      const succeeded = answer.headers.get("location")?.includes("access_token=") === true;
      return { ...answer, status: succeeded ? 200 : 403, body: { ...answer.body, code: "otp_expired" } };
    };
    expectOne(await together(follow), [403, "otp_expired"]);
    expect(await sessionsOf(email)).toBe(1);
  });

  test("with a code to a new password", async () => {
    const { email } = await createUser("crowd");
    await at(server).call("POST", "/recover", { email });
    const { token } = await mailTo(email);
    expectOne(
      await together(() => at(server).call("POST", "/verify", { type: "recovery", email, token })),
      [403, "otp_expired"],
    );
  });

  test("with a code to a phone", async () => {
    const phone = newPhone();
    await at(server).call("POST", "/otp", { phone });
    const { sms } = await sentBy("send_sms", phone);
    expectOne(
      await together(() => at(server).call("POST", "/verify", { type: "sms", phone, token: sms.otp })),
      [403, "otp_expired"],
    );
  });

  test("with the code of an exchange", async () => {
    const { email } = await createUser("crowd");
    await at(server).call("POST", "/otp", { email, ...challenge });
    const { token_hash: hash } = await mailTo(email);
    const { headers } = await at(server).call("GET", `/verify?type=magiclink&token=${hash}`);
    const code = new URL(headers.get("location") ?? "").searchParams.get("code");
    const exchange = () =>
      at(server).call("POST", "/token?grant_type=pkce", { auth_code: code, code_verifier: verifier });
    expectOne(await together(exchange), [404, "flow_state_not_found"]);
    expect(await sessionsOf(email)).toBe(1);
  });

  test("with the challenge of a factor", async () => {
    const { email } = await createUser("crowd");
    const { access_token: token } = await at(server).signIn({ email });
    const enrolled = await at(server).call("POST", "/factors", { factor_type: "totp" }, token);
    const code = new TOTP({ secret: Secret.fromBase32(enrolled.body.totp.secret) }).generate();
    const path = `/factors/${enrolled.body.id}`;
    const { body } = await at(server).call("POST", `${path}/challenge`, {}, token);
    const verify = () => at(server).call("POST", `${path}/verify`, { challenge_id: body.id, code }, token);
    expectOne(await together(verify), [422, "mfa_ip_address_mismatch"]);
  });

  test("with the code of a phone as factor", async () => {
    const { email } = await createUser("crowd");
    const { access_token: token } = await at(server).signIn({ email });
    const phone = newPhone();
    const enrolled = await at(server).call("POST", "/factors", { factor_type: "phone", phone }, token);
    const path = `/factors/${enrolled.body.id}`;
    const { body } = await at(server).call("POST", `${path}/challenge`, {}, token);
    const { otp: code } = (await sentBy("send_sms", phone)).sms;
    const verify = () => at(server).call("POST", `${path}/verify`, { challenge_id: body.id, code }, token);
    expectOne(await together(verify), [422, "mfa_ip_address_mismatch"]);
  });

  test("with the code that proves presence", async () => {
    const { id, email } = await createUser("crowd");
    const { access_token: token } = await at(server).signIn({ email });
    await database`update auth.sessions set created_at = now() - interval '25 hours' where user_id = ${id}`;
    await at(server).call("GET", "/reauthenticate", undefined, token);
    const { token: nonce } = await mailTo(email);
    const change = (index: number) =>
      at(server).call("PUT", "/user", { password: `${password}${index}`, nonce }, token);
    expectOne(await together(change), [422, "reauthentication_not_valid"]);
  });

  test("with each of the two codes of a new address, whichever comes first", async () => {
    const { email } = await createUser("crowd");
    const { access_token: token } = await at(server).signIn({ email });
    const target = newAddress("crowd-new");
    await at(server).call("PUT", "/user", { email: target }, token);
    const mail = await mailTo(email);
    const verify = (index: number) =>
      at(server).call("POST", "/verify", {
        type: "email_change",
        ...(index % 2 === 0 ? { email, token: mail.token } : { email: target, token: mail.token_new }),
      });
    const answers = await together(verify);
    const good = answers.filter(({ status }) => status === 200).map(({ body }) => body);
    expect(good).toHaveLength(2);
    expect(good.filter((body) => body.code === "200")).toHaveLength(1);
    expect(good.find((body) => body.code !== "200")?.user.email).toBe(target);
  });
});

test("of many requests for a code at once, one is answered with a message", async () => {
  const { email } = await createUser("crowd");
  const answers = await together(() => at(server).call("POST", "/otp", { email }));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  const others = answers.filter(({ status }) => status !== 200).map((
    { status, body },
  ) => [status, body.code]);
  expect(others).toEqual(Array(many - 1).fill([429, "over_email_send_rate_limit"]));
  expect(await eventsOf("send_email", email)).toHaveLength(1);
});

test("of many challenges of one phone at once, one sends a text", async () => {
  const { email } = await createUser("crowd");
  const { access_token: token } = await at(server).signIn({ email });
  const phone = newPhone();
  const { body } = await at(server).call("POST", "/factors", { factor_type: "phone", phone }, token);
  const ask = () => at(server).call("POST", `/factors/${body.id}/challenge`, {}, token);
  expectOne(await together(ask), [429, "over_sms_send_rate_limit"]);
  expect(await eventsOf("send_sms", phone)).toHaveLength(1);
});

test("of many changes of one user at once, none is lost", async () => {
  const { email } = await createUser("crowd");
  const { access_token: token } = await at(server).signIn({ email });
  await together((index) => at(server).call("PUT", "/user", { data: { [`key${index}`]: index } }, token));
  const { body } = await call("GET", "/user", undefined, { token, base: server.url });
  expect(body.user_metadata).toMatchObject(
    Object.fromEntries(Array.from({ length: many }, (_, index) => [`key${index}`, index])),
  );
});
