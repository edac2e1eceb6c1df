import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { randomUUID } from "node:crypto";
import { TOTP } from "otpauth";
import type { Database } from "../../types/database.ts";
import { environment } from "./environment.ts";
import { codeOf, latestMessage } from "./inbox.ts";

export type Client = SupabaseClient<Database>;

/** A person with an app of their own: one client, one session, one socket. */
export interface Person {
  client: Client;
  userId: string;
  email: string;
}

export interface Host extends Person {
  organizationId: string;
}

export const password = "Karaoke-2026!";

/** An app nobody has signed in to yet. */
export function newClient(key = environment.publishableKey): Client {
  return createClient<Database>(environment.apiUrl, key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  });
}

/** What a call returned, or its error as an exception. */
export function expectData<Answer extends { data: unknown; error: unknown }>(
  answer: Answer,
): NonNullable<Extract<Answer, { error: null }>["data"]> {
  const { data, error } = answer;
  if (error) throw error instanceof Error ? error : new Error(JSON.stringify(error));
  if (data === null || data === undefined) throw new Error("The answer has no data");
  return data as NonNullable<Extract<Answer, { error: null }>["data"]>;
}

/** A mail address nobody has used. */
export function newAddress(name: string): string {
  return `${name}-${randomUUID().slice(0, 8)}@example.com`;
}

/** Signs up with a password and confirms the address with the code that was mailed. */
export async function signUp(name: string, data: Record<string, string> = {}): Promise<Person> {
  const client = newClient();
  const email = newAddress(name);
  expectData(await client.auth.signUp({ email, password, options: { data } }));
  const token = codeOf(await latestMessage(email, "auth_signup"));
  const { user } = expectData(await client.auth.verifyOtp({ email, token, type: "signup" }));
  if (!user) throw new Error("Confirming the address gave no user");
  return { client, userId: user.id, email };
}

/** A karaoke host with an organization. */
export async function signUpHost(name = "host", organization = "Test Karaoke"): Promise<Host> {
  const person = await signUp(name, { account_type: "customer", organization_name: organization });
  const organizations = expectData(await person.client.from("organizations").select("id"));
  const organizationId = organizations[0]?.id;
  if (!organizationId) throw new Error("Signing up as customer gave no organization");
  return { ...person, organizationId };
}

/** A guest: somebody in the room with a phone and no account. */
export async function signInGuest(): Promise<Person> {
  const client = newClient();
  const { user } = expectData(await client.auth.signInAnonymously());
  if (!user) throw new Error("Signing in anonymously gave no user");
  return { client, userId: user.id, email: "" };
}

/** Signs in by the code of a mailed magic link, which makes the account when there is none. */
export async function signInByMail(name: string): Promise<Person> {
  const client = newClient();
  const email = newAddress(name);
  const { error } = await client.auth.signInWithOtp({ email });
  if (error) throw error;
  const token = codeOf(await latestMessage(email));
  const { user } = expectData(await client.auth.verifyOtp({ email, token, type: "email" }));
  if (!user) throw new Error("The code gave no user");
  return { client, userId: user.id, email };
}

/** Adds an authenticator app and uses it: the session is aal2 afterwards. */
export async function addSecondFactor({ client, email }: Person): Promise<TOTP> {
  const factor = expectData(await client.auth.mfa.enroll({ factorType: "totp", friendlyName: "phone" }));
  const totp = new TOTP({ label: email, secret: factor.totp.secret });
  expectData(await client.auth.mfa.challengeAndVerify({ factorId: factor.id, code: totp.generate() }));
  return totp;
}

/** A venue in Nashville unless told otherwise. */
export async function addVenue(
  host: Host,
  values: Partial<Database["public"]["Tables"]["venues"]["Insert"]> = {},
) {
  return expectData(
    await host.client.from("venues").insert({
      organization_id: host.organizationId,
      name: "The Test Bar",
      address: "1 Main Street",
      city: "Nashville",
      state: "TN",
      postal_code: "37201",
      latitude: 36.16,
      longitude: -86.78,
      ...values,
    }).select().single(),
  );
}

/** An API key that can do all that OpenKJ does. */
export async function addOpenkjKey(host: Host): Promise<string> {
  const created = expectData(
    await host.client.rpc("create_api_key", {
      p_organization_id: host.organizationId,
      p_name: "OpenKJ",
      p_scopes: ["requests:read", "requests:write", "songs:write", "songs:read"],
    }),
  );
  if (typeof created !== "object" || Array.isArray(created) || typeof created["key"] !== "string") {
    throw new Error("Creating an API key gave no key");
  }
  return created["key"];
}

/** Sends one command as OpenKJ does and returns the reply. */
export async function openkj(command: Record<string, unknown>): Promise<Record<string, unknown>> {
  const answer = await fetch(environment.openkjUrl, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(command),
  });
  return await answer.json() as Record<string, unknown>;
}
