// The real server lets some of these run into each other and answers with a 500; this project's own takes them in one order.
import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createUser, database, newAddress, newPhone, password } from "./auth/support/api.ts";
import type { Answer } from "./auth/support/api.ts";
import type { OwnServer } from "./auth/support/own-server.ts";
import { sentBy, startServer } from "./auth/support/own-server.ts";
import { at } from "./auth/support/passing-servers.ts";
import { environment } from "../support/environment.ts";

let server: OwnServer;

beforeAll(async () => {
  server = await startServer({
    // What is asked here at once is a lot for a busy machine.
    GOTRUE_API_MAX_REQUEST_DURATION: "1m",
    GOTRUE_DB_MAX_POOL_SIZE: "20",
    GOTRUE_EXTERNAL_PHONE_ENABLED: "true",
    GOTRUE_MFA_PHONE_ENROLL_ENABLED: "true",
    GOTRUE_MFA_PHONE_VERIFY_ENABLED: "true",
    GOTRUE_SECURITY_MANUAL_LINKING_ENABLED: "true",
    GOTRUE_MFA_MAX_ENROLLED_FACTORS: "100",
  });
});

afterAll(() => server?.stop());

interface Session {
  access_token: string;
  refresh_token: string;
}

interface Account {
  id: string;
  email: string;
  /** Each with a challenge of the other's factor under way. */
  sessions: Session[];
  factors: { id: string; challenge: string; totp: TOTP }[];
  identities: string[];
  /** A mailed one, still good. */
  code: string;
}

/** A person with two sessions, two factors about to be verified, and identities of two providers beside the mail address. */
async function prepare(): Promise<Account> {
  const { id, email } = await createUser("busy", { phone: newPhone(), phone_confirm: true });
  const sessions: Session[] = [await at(server).signIn({ email }), await at(server).signIn({ email })];
  const factors = await Promise.all(sessions.map(async ({ access_token: token }, index) => {
    const enrollment = { factor_type: "totp", friendly_name: `factor ${index}` };
    const { body: factor } = await at(server).call("POST", "/factors", enrollment, token);
    const { body: challenge } = await at(server).call("POST", `/factors/${factor.id}/challenge`, {}, token);
    const totp = new TOTP({ secret: Secret.fromBase32(factor.totp.secret) });
    return { id: String(factor.id), challenge: String(challenge.id), totp };
  }));
  const identities = await database<{ id: string }[]>`
    insert into auth.identities (provider_id, user_id, identity_data, provider)
    select ${id} || provider, ${id}, jsonb_build_object('sub', ${id} || provider), provider
    from unnest(array['google', 'apple']) as provider
    returning id`;
  await at(server).call("POST", "/otp", { email });
  const { token: code } = (await sentBy("send_email", email)).email_data;
  return { id, email, sessions, factors, identities: identities.map((identity) => identity.id), code };
}

/** What can be asked about one account, all at the same moment. */
async function everything({ id, email, sessions, factors, identities, code }: Account): Promise<Answer[]> {
  const { call } = at(server);
  const administrator = environment.serviceRoleKey;
  const signIn = () => call("POST", "/token?grant_type=password", { email, password });
  const ofEachSession = sessions.flatMap(({ access_token: token, refresh_token }, index) => {
    const [own, other] = index === 0 ? [factors[0], factors[1]] : [factors[1], factors[0]];
    const verify = (factor: typeof own) =>
      call("POST", `/factors/${factor?.id}/verify`, {
        challenge_id: factor?.challenge,
        code: factor?.totp.generate(),
      }, token);
    return [
      signIn(),
      call("POST", "/token?grant_type=refresh_token", { refresh_token }),
      verify(own),
      call("PUT", "/user", { data: { [`key${index}`]: index } }, token),
      call("POST", `/factors/${own?.id}/challenge`, {}, token),
      call("PUT", "/user", { phone: newPhone() }, token),
      call("POST", "/factors", { factor_type: "totp", friendly_name: "same" }, token),
      verify(other),
      call("DELETE", `/user/identities/${identities[index]}`, undefined, token),
      call("POST", "/factors", { factor_type: "phone", phone: newPhone() }, token),
      call("GET", "/reauthenticate", undefined, token),
      call("PUT", "/user", { email: newAddress("busy-new") }, token),
      call("DELETE", `/factors/${other?.id}`, undefined, token),
      call("PUT", "/user", { password: `${password}${index}` }, token),
      call("POST", `/logout?scope=${index === 0 ? "others" : "local"}`, undefined, token),
    ];
  });
  return await Promise.all([
    ...ofEachSession,
    call("POST", "/verify", { type: "email", email, token: code }),
    // Without making an account anew: of several who try, the real server answers all but one with a 500.
    call("POST", "/otp", { email, create_user: false }),
    call("POST", "/recover", { email }),
    call("POST", "/resend", { type: "email_change", email }),
    call("PUT", `/admin/users/${id}`, { user_metadata: { by: "administrator" } }, administrator),
    call("PUT", `/admin/users/${id}`, { phone: newPhone(), phone_confirm: true }, administrator),
    call("POST", "/admin/generate_link", { type: "recovery", email }, administrator),
    call("GET", `/admin/users/${id}/factors`, undefined, administrator),
    call("DELETE", `/admin/users/${id}/factors/${factors[0]?.id}`, undefined, administrator),
    signIn(),
  ]);
}

const failures = (answers: Answer[]) =>
  answers.filter(({ status }) => status >= 500).map(({ status, text }) => [status, text]);

test("whatever one person's apps ask at the same moment is answered without a fault", async () => {
  for (const account of await Promise.all([prepare(), prepare(), prepare()])) {
    expect(failures(await everything(account))).toEqual([]);
  }
});

test("nor is there one while the account is deleted, after which nothing of it is left", async () => {
  for (const account of await Promise.all([prepare(), prepare()])) {
    const deletion = () =>
      at(server).call("DELETE", `/admin/users/${account.id}`, undefined, environment.serviceRoleKey);
    const [answers, { status }] = await Promise.all([everything(account), deletion()]);
    expect(status).toBe(200);
    expect(failures(answers)).toEqual([]);
    const [left] = await database<{ rows: number }[]>`
      select (select count(*) from auth.sessions where user_id = ${account.id})
        + (select count(*) from auth.mfa_factors where user_id = ${account.id})
        + (select count(*) from auth.one_time_tokens where user_id = ${account.id})
        + (select count(*) from auth.users where id = ${account.id}) as rows`;
    expect(Number(left?.rows)).toBe(0);
  }
});
