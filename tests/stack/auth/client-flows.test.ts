// What an app does with the client library from the first click to the session, as the library keeps it and tells of it.
import { createClient } from "@supabase/supabase-js";
import { TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { latestMessage, linkOf } from "../../support/inbox.ts";
import {
  authUrl,
  claimsOf,
  createUser,
  environment,
  newAddress,
  password,
  pauseBetweenMessages,
  signedIn,
} from "./support/api.ts";
import { canStartServers, sentBy } from "./support/own-server.ts";
import type { ProviderStage } from "./support/provider-stage.ts";
import { afterSignIn, newPerson, startProviderStage } from "./support/provider-stage.ts";

/** An app that exchanges codes and keeps its session, with what it was told about it. */
function newApp(base = authUrl) {
  const kept = new Map<string, string>();
  const { auth } = createClient(environment.apiUrl, environment.publishableKey, {
    auth: {
      flowType: "pkce",
      autoRefreshToken: false,
      detectSessionInUrl: false,
      storage: {
        getItem: (key) => kept.get(key) ?? null,
        setItem: (key, value) => void kept.set(key, value),
        removeItem: (key) => void kept.delete(key),
      },
    },
    global: { fetch: (input, init) => fetch(String(input).replace(authUrl, base), init) },
  });
  const told: string[] = [];
  auth.onAuthStateChange((event) => void told.push(event));
  return { auth, told };
}

/** Opens an address like a browser that stops at the first redirect, and says where that leads. */
async function open(url: string): Promise<URL> {
  const { headers } = await fetch(url, { redirect: "manual" });
  return new URL(headers.get("location") ?? "");
}

describe("a code in place of tokens", () => {
  async function codeMailedTo(email: string): Promise<string> {
    const page = await open(linkOf(await latestMessage(email)));
    expect(page.hash).toBe("");
    return page.searchParams.get("code") ?? "";
  }

  test("comes from the link of a sign-up, and from that of a new password", async () => {
    const email = newAddress("flow");
    const { auth, told } = newApp();
    expect((await auth.signUp({ email, password })).data.session).toBeNull();
    const first = await auth.exchangeCodeForSession(await codeMailedTo(email));
    expect(first.error).toBeNull();
    expect(first.data.user?.email).toBe(email);
    expect(claimsOf(first.data.session?.access_token ?? "").amr).toMatchObject([{ method: "email/signup" }]);
    expect((await auth.getSession()).data.session?.refresh_token).toBe(first.data.session?.refresh_token);

    await pauseBetweenMessages();
    expect((await auth.resetPasswordForEmail(email)).error).toBeNull();
    const second = await auth.exchangeCodeForSession(await codeMailedTo(email));
    expect(second.error).toBeNull();
    expect(claimsOf(second.data.session?.access_token ?? "").amr).toMatchObject([{ method: "recovery" }]);
    expect(told).toEqual(["INITIAL_SESSION", "SIGNED_IN", "PASSWORD_RECOVERY"]);
  });

  test("is of no use to another app, nor a second time", async () => {
    const { email } = await createUser("flow");
    const { auth } = newApp();
    await auth.signInWithOtp({ email });
    const code = await codeMailedTo(email);
    const stranger = newApp();
    await stranger.auth.signInWithOtp({ email: newAddress("stranger") });
    expect((await stranger.auth.exchangeCodeForSession(code)).error).toMatchObject({
      status: 400,
      code: "bad_code_verifier",
    });
    expect((await auth.exchangeCodeForSession(code)).error).toBeNull();
    await auth.signInWithOtp({ email: newAddress("again") });
    expect((await auth.exchangeCodeForSession(code)).error).toMatchObject({
      status: 404,
      code: "flow_state_not_found",
    });
  });
});

describe.skipIf(!canStartServers)("a provider", () => {
  let stage: ProviderStage;

  beforeAll(async () => void (stage = await startProviderStage()));
  afterAll(() => stage?.stop());

  /** Goes the way to the provider and back that a browser goes. */
  async function visit(url: string | null | undefined, person: ReturnType<typeof newPerson>): Promise<URL> {
    const provider = url?.startsWith(stage.issuer.url)
      ? new URL(url)
      : await open(url?.replace(authUrl, stage.server.url) ?? "");
    return new URL(await stage.comeBack(provider.searchParams.get("state") ?? "", person));
  }

  test("lets an app sign in, with the provider's own tokens", async () => {
    const person = newPerson("flow");
    const { auth } = newApp(stage.server.url);
    const { data } = await auth.signInWithOAuth({
      provider: "keycloak",
      options: { redirectTo: afterSignIn, scopes: "openid", skipBrowserRedirect: true },
    });
    const page = await visit(data.url, person);
    expect(page.origin + page.pathname).toBe(afterSignIn);
    const { data: { session }, error } = await auth.exchangeCodeForSession(
      page.searchParams.get("code") ?? "",
    );
    expect(error).toBeNull();
    expect(session).toMatchObject({
      user: { email: person.email, app_metadata: { provider: "keycloak" } },
      provider_token: expect.stringMatching(/^access-/),
      provider_refresh_token: expect.stringMatching(/^refresh-/),
    });
  });

  test("is linked to an account, and let go again", async () => {
    const { email } = await createUser("flow");
    const { auth } = newApp(stage.server.url);
    await auth.signInWithPassword({ email, password });
    const { data, error } = await auth.linkIdentity({
      provider: "keycloak",
      options: { redirectTo: afterSignIn, skipBrowserRedirect: true },
    });
    expect(error).toBeNull();
    const page = await visit(data.url, newPerson("flow-other"));
    expect((await auth.exchangeCodeForSession(page.searchParams.get("code") ?? "")).error).toBeNull();
    const identities = (await auth.getUserIdentities()).data?.identities ?? [];
    expect(identities.map(({ provider }) => provider)).toEqual(["email", "keycloak"]);
    const linked = identities.find(({ provider }) => provider === "keycloak");
    expect(linked && (await auth.unlinkIdentity(linked)).error).toBeNull();
    expect((await sentBy("send_email", email)).email_data)
      .toMatchObject({ email_action_type: "identity_unlinked_notification", provider: "keycloak" });
    expect((await auth.getUser()).data.user).toMatchObject({ email, app_metadata: { providers: ["email"] } });
  });
});

test("an app is told of each step of its session", async () => {
  const { email } = await createUser("flow");
  const { auth, told } = newApp();
  await auth.initialize();
  await auth.signInWithPassword({ email, password });
  await auth.updateUser({ data: { nickname: "Ada" } });
  const factor = (await auth.mfa.enroll({ factorType: "totp" })).data;
  const code = new TOTP({ secret: factor?.totp.secret ?? "" }).generate();
  expect((await auth.mfa.challengeAndVerify({ factorId: factor?.id ?? "", code })).error).toBeNull();
  expect((await auth.refreshSession()).error).toBeNull();
  expect((await auth.getClaims()).data?.claims).toMatchObject({ aal: "aal2", aud: "authenticated" });
  expect((await auth.signOut()).error).toBeNull();
  expect((await auth.getSession()).data.session).toBeNull();
  expect(told).toEqual([
    "INITIAL_SESSION",
    "SIGNED_IN",
    "USER_UPDATED",
    "MFA_CHALLENGE_VERIFIED",
    "TOKEN_REFRESHED",
    "SIGNED_OUT",
  ]);
});

test("a session that was ended elsewhere is over for the app too", async () => {
  const { email } = await signedIn("flow");
  const { auth, told } = newApp();
  await auth.signInWithPassword({ email, password });
  const elsewhere = newApp();
  await elsewhere.auth.signInWithPassword({ email, password });
  await elsewhere.auth.signOut({ scope: "others" });
  expect((await auth.getUser()).error).toMatchObject({ name: "AuthSessionMissingError" });
  expect((await auth.refreshSession()).error).not.toBeNull();
  expect(told.at(-1)).toBe("SIGNED_OUT");
  expect((await elsewhere.auth.getUser()).data.user?.email).toBe(email);
});
