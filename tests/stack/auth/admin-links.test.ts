import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  admin,
  call,
  client,
  createUser,
  environment,
  newAddress,
  parametersOf,
  password,
  pauseBetweenMessages,
  refusal,
  sentCode,
  signedIn,
  signInAgain,
} from "./support/api.ts";

const token = environment.serviceRoleKey;
const adminRefusal = (method: string, path: string, body?: unknown) => refusal(method, path, body, { token });
const emailExists = [422, "email_exists", "A user with this email address has already been registered"];

describe("links", () => {
  test("to sign in, with everything to send them oneself", async () => {
    const { id, email } = await createUser("magic");
    const { data, error } = await admin().generateLink({
      type: "magiclink",
      email,
      options: { redirectTo: "http://127.0.0.1:3000/welcome" },
    });
    expect(error).toBeNull();
    const properties = data.properties;
    expect(properties).toMatchObject({
      verification_type: "magiclink",
      redirect_to: "http://127.0.0.1:3000/welcome",
      email_otp: expect.stringMatching(/^\d{6}$/),
    });
    expect(properties?.hashed_token)
      .toBe(createHash("sha224").update(email + properties?.email_otp).digest("hex"));
    const link = new URL(properties?.action_link ?? "");
    expect(link.pathname).toMatch(/\/verify$/);
    expect(properties?.action_link.endsWith("&redirect_to=http://127.0.0.1:3000/welcome")).toBe(true);
    expect(link.searchParams.get("token")).toBe(properties?.hashed_token);
    const verified = await client().auth.verifyOtp({
      token_hash: properties?.hashed_token ?? "",
      type: "magiclink",
    });
    expect(verified.data.user?.id).toBe(id);
  });

  test("hide the page they lead to only where it would be misread", async () => {
    const { email } = await createUser("page");
    const redirectTo = "http://127.0.0.1:3000/welcome?a=1&b=2";
    const { data } = await admin().generateLink({ type: "magiclink", email, options: { redirectTo } });
    expect(data.properties?.redirect_to).toBe(redirectTo);
    expect(data.properties?.action_link.endsWith(`&redirect_to=${encodeURIComponent(redirectTo)}`)).toBe(
      true,
    );
  });

  test("for an unknown address make the account", async () => {
    const email = newAddress("unknown");
    const { data, error } = await admin().generateLink({ type: "magiclink", email });
    expect([error, data.properties?.verification_type]).toEqual([null, "signup"]);
    const verified = await client().auth.verifyOtp({
      email,
      token: data.properties?.email_otp ?? "",
      type: "email",
    });
    expect(verified.data.user?.email).toBe(email);
  });

  test("of every other type", async () => {
    const { email } = await signedIn("types");
    const target = newAddress("types-new");
    const links: URL[] = [];
    for (const type of ["email_change_current", "email_change_new"] as const) {
      const { data, error } = await admin().generateLink({ type, email, newEmail: target });
      expect(error).toBeNull();
      links.push(new URL(data.properties?.action_link ?? ""));
    }
    for (const link of links) {
      expect(link.searchParams.get("type")).toBe("email_change");
      await call("GET", `/verify?token=${link.searchParams.get("token")}&type=email_change`);
    }
    await signInAgain(target);
    const recovery = await admin().generateLink({ type: "recovery", email: target });
    expect(recovery.data.properties?.verification_type).toBe("recovery");
    const invited = newAddress("invited-link");
    expect((await admin().generateLink({ type: "invite", email: invited })).data.user?.invited_at)
      .toEqual(expect.any(String));
    const signup = await admin().generateLink({ type: "signup", email: newAddress("signup-link"), password });
    const { headers } = await call(
      "GET",
      new URL(signup.data.properties?.action_link ?? "").href.split("/auth/v1")[1] ?? "",
    );
    expect(parametersOf(headers.get("location") ?? "", "hash").type).toBe("signup");
  });

  test("give a new account the data they are asked for with, and no more", async () => {
    const data = { status: "alpha" };
    for (const type of ["signup", "invite"] as const) {
      const email = newAddress("with-data");
      const made = await admin().generateLink({ type, email, password, options: { data } });
      expect(made.error).toBeNull();
      expect(made.data.user?.user_metadata).toEqual(data);
      expect(made.data.user?.identities?.[0]?.identity_data)
        .toEqual({ sub: made.data.user?.id, email, email_verified: false, phone_verified: false });
    }
  });

  test("are refused where they make no sense", async () => {
    const { email } = await createUser("sense");
    const link = (body: unknown) => adminRefusal("POST", "/admin/generate_link", body);
    expect(await link({ type: "signup", email, password })).toEqual(emailExists);
    expect(await link({ type: "invite", email })).toEqual(emailExists);
    expect(await link({ type: "recovery", email: newAddress("nobody") }))
      .toEqual([404, "user_not_found", "User with this email not found"]);
    expect(await link({ type: "foo", email }))
      .toEqual([400, "validation_failed", "Invalid email action link type requested: foo"]);
  });
});

describe("invitations", () => {
  test("send a mail and make an account that its owner completes", async () => {
    const email = newAddress("invited");
    const { data, error } = await admin().inviteUserByEmail(email, { data: { full_name: "Invited" } });
    expect(error).toBeNull();
    expect(data.user).toMatchObject({ email, invited_at: expect.any(String) });
    expect(data.user?.user_metadata).toEqual({ full_name: "Invited" });
    const code = await sentCode(email);
    // Whoever merely knows the address learns nothing of the invited.
    await pauseBetweenMessages();
    const { body } = await call("POST", "/signup", { email, password, data: { full_name: "Somebody" } });
    expect([body.user_metadata, body.identities]).toEqual([{}, []]);
    const again = await sentCode(email);
    if (again !== code) {
      expect((await adminRefusal("POST", "/verify", { type: "invite", email, token: code })).slice(0, 2))
        .toEqual([403, "otp_expired"]);
    }
    const app = client();
    const verified = await app.auth.verifyOtp({ email, token: again, type: "invite" });
    expect(verified.data.user?.user_metadata.full_name).toBe("Invited");
    expect(verified.error).toBeNull();
    expect((await app.auth.updateUser({ password })).error).toBeNull();
    await signInAgain(email);
    expect(await adminRefusal("POST", "/invite", { email })).toEqual(emailExists);
  });
});

test("an invitation can be sent again", async () => {
  const email = newAddress("reinvited");
  const first = await admin().inviteUserByEmail(email);
  const code = await sentCode(email);
  const second = await admin().inviteUserByEmail(email);
  expect([second.error, second.data.user?.id]).toEqual([null, first.data.user?.id]);
  const verified = await client().auth.verifyOtp({ email, token: await sentCode(email), type: "invite" });
  expect(verified.error).toBeNull();
  expect(code).toMatch(/^\d{6}$/);
});
