import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  call,
  claimsOf,
  client,
  createUser,
  database,
  newAddress,
  parametersOf,
  pauseBetweenMessages,
  refusal,
  sentHash,
  signedIn,
} from "./support/api.ts";

const invalid = (message: string) => [400, "validation_failed", message];

const verifier = "the-verifier-of-a-test-with-more-than-forty-three-characters";
const challenge = {
  code_challenge: createHash("sha256").update(verifier).digest("base64url"),
  code_challenge_method: "s256",
};

async function follow(hash: string, type: string, to = "http://127.0.0.1:3000/done") {
  const query = new URLSearchParams({ token: hash, type, redirect_to: to });
  const { status, headers } = await call("GET", `/verify?${query}`);
  return { status, location: headers.get("location") ?? "" };
}

describe("links", () => {
  test("lead to the page with tokens in the fragment", async () => {
    const { email } = await createUser("linked");
    await call("POST", "/otp", { email });
    const { status, location } = await follow(
      await sentHash(email),
      "magiclink",
      "http://127.0.0.1:3000/in?next=1",
    );
    expect(status).toBe(303);
    expect(location.startsWith("http://127.0.0.1:3000/in?next=1#access_token=")).toBe(true);
    expect(parametersOf(location, "hash")).toMatchObject({ type: "magiclink", token_type: "bearer", sb: "" });
  });

  test("used, wrong or made up lead to the page with an error", async () => {
    const { email } = await createUser("used");
    await call("POST", "/otp", { email });
    const hash = await sentHash(email);
    await follow(hash, "magiclink");
    for (
      const [token, type] of [[hash, "magiclink"], ["0".repeat(56), "signup"], ["' or true --", "recovery"]]
    ) {
      const { status, location } = await follow(token ?? "", type ?? "");
      expect([status, location]).toEqual([
        303,
        "http://127.0.0.1:3000/done#error=access_denied&error_code=otp_expired" +
        "&error_description=Email+link+is+invalid+or+has+expired&sb=",
      ]);
    }
  });

  test("with a code exchange carry errors in the query too", async () => {
    const { status, location } = await follow(`pkce_${"0".repeat(56)}`, "magiclink");
    expect(status).toBe(303);
    expect(parametersOf(location, "search")).toEqual({
      error: "access_denied",
      error_code: "otp_expired",
      error_description: "Email link is invalid or has expired",
    });
    expect(parametersOf(location, "hash")).toMatchObject({ error_code: "otp_expired" });
  });

  test("come after the page's own place in it", async () => {
    const { email } = await createUser("placed");
    await call("POST", "/otp", { email });
    const to = "http://127.0.0.1:3000/#/done";
    expect((await follow(await sentHash(email), "magiclink", to)).location.startsWith(`${to}#access_token=`))
      .toBe(true);
  });

  test("with an error keep what the page was asked with", async () => {
    const to = "http://127.0.0.1:3000/done?next=1";
    const plain = await follow("0".repeat(56), "magiclink", to);
    expect(plain.location.startsWith(`${to}#error=access_denied&`)).toBe(true);
    const exchange = await follow(`pkce_${"0".repeat(56)}`, "magiclink", to);
    expect(parametersOf(exchange.location, "search")).toMatchObject({ next: "1", error_code: "otp_expired" });
  });

  test("of a code exchange must be of the type that was asked for", async () => {
    const { email } = await createUser("typed");
    await call("POST", "/recover", { email, ...challenge });
    const hash = await sentHash(email);
    const mistaken = await follow(hash, "magiclink");
    expect(parametersOf(mistaken.location, "search"))
      .toMatchObject({ error: "invalid_request", error_code: "flow_state_not_found" });
    expect((await follow(hash, "email")).status).toBe(500);
    expect(parametersOf((await follow(hash, "recovery")).location, "search").code)
      .toEqual(expect.any(String));
  });

  test("need a token and a type", async () => {
    expect((await refusal("GET", "/verify?type=signup")).slice(0, 2)).toEqual([400, "validation_failed"]);
    expect(await refusal("GET", "/verify?token=abc"))
      .toEqual(invalid("Verify requires a verification type"));
  });

  test("can be redeemed by the app instead", async () => {
    const { id, email } = await createUser("redeem");
    await call("POST", "/otp", { email });
    const { data, error } = await client().auth.verifyOtp({
      token_hash: await sentHash(email),
      type: "email",
    });
    expect(error).toBeNull();
    expect(data.user?.id).toBe(id);
  });

  test("with a code exchange are worth a session to who asked", async () => {
    const { id, email } = await createUser("exchange");
    for (const [path, type] of [["/otp", "magiclink"], ["/recover", "recovery"]] as const) {
      await call("POST", path, { email, ...challenge });
      const { location } = await follow(await sentHash(email), type);
      const { code } = parametersOf(location, "search");
      const { status, body } = await call("POST", "/token?grant_type=pkce", {
        auth_code: code,
        code_verifier: verifier,
      });
      expect([status, body.user?.id]).toEqual([200, id]);
      expect(claimsOf(body.access_token).amr).toMatchObject([{ method: type }]);
      await pauseBetweenMessages();
    }
  });

  test("of a change of address end in a code exchange too, after both have confirmed", async () => {
    const { id, email, token } = await signedIn("exchange");
    const target = newAddress("exchange-new");
    expect((await call("PUT", "/user", { email: target, ...challenge }, { token })).status).toBe(200);
    const [ofNew, ofCurrent] = [await sentHash(target), await sentHash(email)];
    expect([ofNew, ofCurrent]).toEqual([expect.stringMatching(/^pkce_/), expect.stringMatching(/^pkce_/)]);
    const first = await follow(ofNew, "email_change");
    expect(parametersOf(first.location, "search").message).toContain("proceed to confirm link");
    expect(parametersOf(first.location, "hash").message).toContain("proceed to confirm link");
    const second = await follow(ofCurrent, "email_change");
    const { status, body } = await call("POST", "/token?grant_type=pkce", {
      auth_code: parametersOf(second.location, "search").code,
      code_verifier: verifier,
    });
    expect([status, body.user?.id, body.user?.email]).toEqual([200, id, target]);
    expect(claimsOf(body.access_token).amr).toMatchObject([{ method: "email_change" }]);
  });

  test("with a code exchange end five minutes after they were asked for", async () => {
    const { id, email } = await createUser("slow");
    await call("POST", "/recover", { email, ...challenge });
    await database`update auth.flow_state set created_at = now() - interval '6 minutes' where user_id = ${id}`;
    const { location } = await follow(await sentHash(email), "recovery");
    const { code } = parametersOf(location, "search");
    expect(await refusal("POST", "/token?grant_type=pkce", { auth_code: code, code_verifier: verifier }))
      .toEqual([422, "flow_state_expired", "invalid flow state, flow state has expired"]);
  });

  test("to sign in end five minutes after they were followed", async () => {
    const { id, email } = await createUser("patient");
    await call("POST", "/otp", { email, ...challenge });
    await database`update auth.flow_state set created_at = now() - interval '6 minutes' where user_id = ${id}`;
    const { location } = await follow(await sentHash(email), "magiclink");
    const { code } = parametersOf(location, "search");
    const exchange = { auth_code: code, code_verifier: verifier };
    expect((await call("POST", "/token?grant_type=pkce", exchange)).status).toBe(200);
  });

  test("accept the plain method", async () => {
    const { email } = await createUser("plain");
    await call("POST", "/otp", { email, code_challenge: verifier, code_challenge_method: "plain" });
    const { location } = await follow(await sentHash(email), "magiclink");
    const { code } = parametersOf(location, "search");
    expect(
      await refusal("POST", "/token?grant_type=pkce", { auth_code: code, code_verifier: `${verifier}x` }),
    )
      .toEqual([400, "bad_code_verifier", "code challenge does not match previously saved code verifier"]);
    const answer = await call("POST", "/token?grant_type=pkce", { auth_code: code, code_verifier: verifier });
    expect(answer.status).toBe(200);
  });

  test("of a code exchange must be known", async () => {
    expect(
      await refusal("POST", "/token?grant_type=pkce", {
        auth_code: crypto.randomUUID(),
        code_verifier: verifier,
      }),
    )
      .toEqual([404, "flow_state_not_found", "invalid flow state, no valid flow state found"]);
  });
});
