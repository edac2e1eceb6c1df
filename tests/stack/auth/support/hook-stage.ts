import type { SupabaseClient } from "@supabase/supabase-js";
import type { Answer, CallOptions } from "./api.ts";
import { call, client, newFormat, password } from "./api.ts";
import { hookSettings, startServer } from "./own-server.ts";

/** An Auth server with all hooks on. */
export interface HookStage {
  url: string;
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
  client(): SupabaseClient;
  signUp(email: string, more?: Record<string, unknown>): Promise<Answer>;
  signIn(email: string, secret?: string): Promise<Answer>;
  stop(): Promise<void>;
}

/** The expression of an answer by which a hook refuses. */
export function refusing(status: number, message: string): string {
  return `'${JSON.stringify({ error: { http_code: status, message } })}'::jsonb`;
}

export async function startHookStage(): Promise<HookStage> {
  const { url, stop } = await startServer({
    GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED: "true",
    GOTRUE_EXTERNAL_PHONE_ENABLED: "true",
    GOTRUE_MFA_PHONE_ENROLL_ENABLED: "true",
    GOTRUE_MFA_PHONE_VERIFY_ENABLED: "true",
    GOTRUE_MAILER_NOTIFICATIONS_PASSWORD_CHANGED_ENABLED: "true",
    GOTRUE_MAILER_NOTIFICATIONS_EMAIL_CHANGED_ENABLED: "true",
    GOTRUE_MAILER_NOTIFICATIONS_PHONE_CHANGED_ENABLED: "true",
    GOTRUE_MAILER_NOTIFICATIONS_MFA_FACTOR_ENROLLED_ENABLED: "true",
    GOTRUE_MAILER_NOTIFICATIONS_MFA_FACTOR_UNENROLLED_ENABLED: "true",
    ...hookSettings(
      "before_user_created",
      "after_user_created",
      "custom_access_token",
      "password_verification_attempt",
      "mfa_verification_attempt",
    ),
  });
  const post = (path: string, body: unknown) => call("POST", path, body, { base: url, headers: newFormat });
  return {
    url,
    stop,
    call: (method, path, body, options) => call(method, path, body, { base: url, ...options }),
    client: () => client(undefined, url),
    signUp: (email, more = {}) => post("/signup", { email, password, ...more }),
    signIn: (email, secret = password) => post("/token?grant_type=password", { email, password: secret }),
  };
}
