import { createHash } from "node:crypto";
import type { Queryable, Transaction } from "./database.ts";
import { AuthError, validationFailed } from "./errors.ts";

/** A row of auth.flow_state. */
export interface Flow {
  id: string;
  user_id: string | null;
  auth_code: string | null;
  code_challenge_method: "s256" | "plain" | null;
  code_challenge: string | null;
  provider_type: string;
  provider_access_token: string | null;
  provider_refresh_token: string | null;
  created_at: Date;
  authentication_method: string;
  auth_code_issued_at: Date | null;
  referrer: string | null;
  linking_target_id: string | null;
}

/** The public half of what the caller will prove at the code exchange. */
export interface Challenge {
  challenge: string;
  method: "s256" | "plain";
}

const flowLifetime = 5 * 60_000;

/** Reads a request's code challenge; undefined when it asks for no code exchange. */
export function readChallenge(
  fields: { code_challenge: string; code_challenge_method: string },
): Challenge | undefined {
  const { code_challenge: challenge, code_challenge_method: method } = fields;
  if (challenge === "" && method === "") return undefined;
  if (challenge === "" || method === "") {
    throw validationFailed("PKCE flow requires code_challenge_method and code_challenge");
  }
  if (challenge.length < 43 || challenge.length > 128) {
    throw validationFailed("code challenge has to be between 43 and 128 characters");
  }
  if (!/^[A-Za-z0-9._~-]+$/.test(challenge)) {
    throw validationFailed(
      "code challenge can only contain alphanumeric characters, hyphens, periods, underscores and tildes",
    );
  }
  const name = method.toLowerCase();
  if (name !== "s256" && name !== "plain") {
    throw new AuthError(500, "unexpected_failure", `unsupported code_challenge method "${method}"`);
  }
  return { challenge, method: name };
}

export interface NewFlow {
  provider: string;
  authenticationMethod: string;
  challenge: Challenge | undefined;
  userId?: string;
  referrer?: string;
  linkingTarget?: string;
}

/** Remembers a sign-in that has begun. */
export async function startFlow(sql: Queryable, flow: NewFlow): Promise<string> {
  const id = crypto.randomUUID();
  const now = new Date();
  await sql`
    insert into auth.flow_state
      (id, user_id, auth_code, code_challenge_method, code_challenge, provider_type, provider_access_token,
       provider_refresh_token, created_at, updated_at, authentication_method, referrer, linking_target_id)
    values
      (${id}, ${flow.userId ?? null}, ${flow.challenge === undefined ? null : crypto.randomUUID()},
       ${flow.challenge?.method ?? null}, ${
    flow.challenge?.challenge ?? null
  }, ${flow.provider}, '', '', ${now},
       ${now}, ${flow.authenticationMethod}, ${flow.referrer ?? null}, ${flow.linkingTarget ?? null})`;
  return id;
}

/** As startFlow for a mailed code or link; does nothing without a challenge. */
export async function startMailFlow(
  sql: Queryable,
  userId: string,
  authenticationMethod: string,
  challenge: Challenge | undefined,
): Promise<void> {
  if (challenge === undefined) return;
  await startFlow(sql, { provider: "email", authenticationMethod, challenge, userId });
}

export async function findFlow(sql: Queryable, id: string): Promise<Flow | undefined> {
  const [flow] = await sql<Flow[]>`select * from auth.flow_state where id = ${id}`;
  return flow;
}

/** Gives out the code of the newest flow that the user began with this method. */
export async function issueCode(
  sql: Queryable,
  userId: string,
  authenticationMethod: string,
): Promise<string> {
  const [flow] = await sql<{ auth_code: string }[]>`
    update auth.flow_state set auth_code_issued_at = now(), updated_at = now()
    where id = (
      select id from auth.flow_state
      where user_id = ${userId} and authentication_method = ${authenticationMethod} and auth_code is not null
      order by created_at desc limit 1
    )
    returning auth_code`;
  if (flow === undefined) {
    throw new AuthError(
      400,
      "flow_state_not_found",
      "No associated flow state found. 404: No valid flow state found for user.",
    );
  }
  return flow.auth_code;
}

/** Whether a flow took too long. Magic links are counted from the click, all others from the request. */
export function isFlowExpired(flow: Flow): boolean {
  const start = flow.authentication_method === "magiclink" ? flow.auth_code_issued_at : null;
  return Date.now() > (start ?? flow.created_at).getTime() + flowLifetime;
}

/** Ends a flow: the verifier must fit the challenge that began it. Of several at once, one gets it. */
export async function exchangeCode(sql: Transaction, code: string, verifier: string): Promise<Flow> {
  const [flow] = await sql<Flow[]>`select * from auth.flow_state where auth_code = ${code} for update`;
  if (flow === undefined || flow.user_id === null) {
    throw new AuthError(404, "flow_state_not_found", "invalid flow state, no valid flow state found");
  }
  if (isFlowExpired(flow)) {
    throw new AuthError(422, "flow_state_expired", "invalid flow state, flow state has expired");
  }
  const proof = flow.code_challenge_method === "s256"
    ? createHash("sha256").update(verifier).digest("base64url")
    : verifier;
  if (proof !== flow.code_challenge) {
    throw new AuthError(
      400,
      "bad_code_verifier",
      "code challenge does not match previously saved code verifier",
    );
  }
  await sql`delete from auth.flow_state where id = ${flow.id}`;
  return flow;
}
