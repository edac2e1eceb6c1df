import { randomInt } from "node:crypto";
import { createClient } from "@supabase/supabase-js";
import type { Session, SupabaseClient, User, UserIdentity } from "@supabase/supabase-js";
import type { JWK } from "jose";
import { SignJWT } from "jose";
import { database } from "../../../support/database.ts";
import { environment } from "../../../support/environment.ts";
import { codeOf, latestMessage, linkOf } from "../../../support/inbox.ts";
import { newAddress, password } from "../../../support/people.ts";

export { database, environment, newAddress, password };

/** Where Auth answers: the stack's, through its gateway. */
export const authUrl = `${environment.apiUrl}/auth/v1`;

/** All that Auth's answers may have. What of it is there follows from what was asked. */
export type Body = Account & Tokens & Refusal & {
  name: string;
  type: string;
  totp: { secret: string; uri: string; qr_code: string };
  action_link: string;
  email_otp: string;
  hashed_token: string;
  verification_type: string;
  users: User[];
  keys: JWK[];
  url: string;
  external: Record<string, boolean>;
  sms_provider: string;
};

export type Account = User & { identities: UserIdentity[] };
export type Tokens = Session & { user: Account; expires_at: number };

/** How it refuses, in its two formats and in OAuth's own. */
interface Refusal {
  code: string;
  message: string;
  error_code: string;
  msg: string;
  error: string;
  error_description: string;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: Body;
  text: string;
}

export interface CallOptions {
  token?: string;
  headers?: Record<string, string>;
  /** Sent as it is. */
  raw?: string;
  base?: string;
}

/** One request without a client library: what is on the wire. */
export async function call(
  method: string,
  path: string,
  body?: unknown,
  options: CallOptions = {},
): Promise<Answer> {
  const { token, raw, headers = {}, base = authUrl } = options;
  const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(`${base}${path}`, {
    method,
    redirect: "manual",
    headers: {
      ...(base === authUrl ? { apikey: environment.anonKey } : {}),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(content === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(content === undefined ? {} : { body: content }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? JSON.parse(text) : undefined,
  };
}

/** The error format of today, which client libraries ask for. */
export const newFormat = { "x-supabase-api-version": "2024-01-01" };

/** Status, code and sentence of a refusal in the new format. */
export async function refusal(
  method: string,
  path: string,
  body?: unknown,
  options: CallOptions = {},
): Promise<[number, string, string]> {
  const answer = await call(method, path, body, {
    ...options,
    headers: { ...newFormat, ...options.headers },
  });
  return [answer.status, answer.body?.code, answer.body?.message];
}

/** A client of one Auth server, without the rest of a project. */
export function client(key = environment.anonKey, base = authUrl): SupabaseClient {
  return createClient(environment.apiUrl, key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false, flowType: "implicit" },
    global: {
      fetch: (input, init) =>
        fetch(String(input instanceof Request ? input.url : input).replace(authUrl, base), init),
    },
  });
}

export function admin(base = authUrl) {
  return client(environment.serviceRoleKey, base).auth.admin;
}

/** A user made by the administrator: confirmed, with the usual password. */
export async function createUser(name: string, attributes: Record<string, unknown> = {}) {
  const email = newAddress(name);
  const { data, error } = await admin().createUser({ email, password, email_confirm: true, ...attributes });
  if (error) throw error;
  return { id: data.user.id, email };
}

export interface SignedIn {
  id: string;
  email: string;
  client: SupabaseClient;
  session: Session;
  token: string;
}

/** A user with a session. */
export async function signedIn(name: string, attributes: Record<string, unknown> = {}): Promise<SignedIn> {
  const { id, email } = await createUser(name, attributes);
  return { id, email, ...(await signInAgain(email)) };
}

/** A further session, in a client of its own. */
export async function signInAgain(email: string, secret = password) {
  const signedInClient = client();
  const { data, error } = await signedInClient.auth.signInWithPassword({ email, password: secret });
  if (error) throw error;
  return { client: signedInClient, session: data.session, token: data.session.access_token };
}

/** The code in the newest message to an address or number. */
export async function sentCode(recipient: string): Promise<string> {
  return codeOf(await latestMessage(recipient));
}

/** The hash in the link of the newest mail. */
export async function sentHash(recipient: string): Promise<string> {
  const link = new URL(linkOf(await latestMessage(recipient)));
  return link.searchParams.get("token") ?? link.searchParams.get("token_hash") ?? "";
}

/** A phone number nobody has used; digits, as they are stored. */
export function newPhone(): string {
  return `1555${randomInt(1_000_000, 10_000_000)}`;
}

/** A token that anybody with the project's secret may sign. */
export async function handmadeToken(claims: Record<string, unknown>, secret = environment.jwtSecret) {
  return await new SignJWT({ aud: "authenticated", role: "authenticated", ...claims })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .sign(new TextEncoder().encode(secret));
}

export interface Claims {
  iss: string;
  sub: string;
  aud: string;
  exp: number;
  iat: number;
  email: string;
  phone: string;
  role: string;
  aal: string;
  amr: { method: string; timestamp: number }[];
  session_id: string;
  is_anonymous: boolean;
  app_metadata: Record<string, unknown>;
  user_metadata: Record<string, unknown>;
  /** What the project's hook adds. */
  [claim: string]: unknown;
}

/** The header of a token, unchecked. */
export function headerOf(token: string): { alg: string; kid?: string; typ: string } {
  return JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString());
}

/** The claims of a token, unchecked. */
export function claimsOf(token: string): Claims {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}

/** The fragment or query of a redirect. */
export function parametersOf(location: string, part: "hash" | "search"): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(new URL(location)[part].slice(1)));
}

/** Waits for the minimum pause between two messages to one person, which the settings make short. */
export async function pauseBetweenMessages(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1100));
}
