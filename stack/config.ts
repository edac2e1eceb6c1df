import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import * as z from "zod";

const port = z.int().min(1).max(65535);
const flag = z.boolean();
const text = z.string();
const switches = z.object({ enroll_enabled: flag.default(false), verify_enabled: flag.default(false) })
  .prefault({});

/** The part of `supabase/config.toml` that the local stack understands. Other keys are the CLI's business. */
const schema = z.object({
  project_id: text.min(1),
  api: z.object({
    port: port.default(54321),
    schemas: z.array(text).min(1).default(["public", "graphql_public"]),
    extra_search_path: z.array(text).default(["public", "extensions"]),
    max_rows: z.int().positive().default(1000),
  }).prefault({}),
  db: z.object({
    port: port.default(54322),
    seed: z.object({ enabled: flag.default(true), sql_paths: z.array(text).default(["./seed.sql"]) })
      .prefault({}),
  }).prefault({}),
  local_smtp: z.object({ port: port.default(54324) }).prefault({}),
  storage: z.object({ file_size_limit: text.default("50MiB") }).prefault({}),
  auth: z.object({
    site_url: text,
    additional_redirect_urls: z.array(text).default([]),
    jwt_expiry: z.int().positive().max(604_800).default(3600),
    enable_refresh_token_rotation: flag.default(true),
    refresh_token_reuse_interval: z.int().min(0).default(0),
    enable_signup: flag.default(true),
    enable_anonymous_sign_ins: flag.default(false),
    enable_manual_linking: flag.default(false),
    minimum_password_length: z.int().min(6).default(6),
    password_requirements: z.enum([
      "",
      "letters_digits",
      "lower_upper_letters_digits",
      "lower_upper_letters_digits_symbols",
    ]).default(""),
    rate_limit: z.record(text, z.int().min(0)).default({}),
    email: z.object({
      enabled: flag.default(true),
      double_confirm_changes: flag.default(true),
      enable_confirmations: flag.default(false),
      secure_password_change: flag.default(false),
      require_current_password: flag.default(false),
      max_frequency: text.default("1m"),
      otp_length: z.int().min(6).max(10).default(6),
      otp_expiry: z.int().positive().default(3600),
      template: z.record(text, z.object({ subject: text.optional() })).default({}),
      notification: z.record(text, z.object({ enabled: flag.default(false), subject: text.optional() }))
        .default({}),
    }).prefault({}),
    sms: z.object({
      enabled: flag.default(false),
      enable_confirmations: flag.default(false),
      template: text.default("Your code is {{ .Code }}"),
      max_frequency: text.default("5s"),
      test_otp: z.record(text, text).default({}),
    }).prefault({}),
    sessions: z.object({ timebox: text.optional(), inactivity_timeout: text.optional() }).default({}),
    mfa: z.object({
      max_enrolled_factors: z.int().positive().default(10),
      totp: switches,
      phone: z.object({
        enroll_enabled: flag.default(false),
        verify_enabled: flag.default(false),
        otp_length: z.int().min(6).max(10).default(6),
        template: text.default("Your code is {{ .Code }}"),
        max_frequency: text.default("5s"),
      }).prefault({}),
    }).prefault({}),
    hook: z.record(text, z.object({ enabled: flag.default(false), uri: text, secrets: text.optional() }))
      .default({}),
    external: z.record(
      text,
      z.object({
        enabled: flag.default(false),
        client_id: text.default(""),
        secret: text.default(""),
        redirect_uri: text.default(""),
        url: text.default(""),
        skip_nonce_check: flag.default(false),
        email_optional: flag.default(false),
      }),
    ).default({}),
  }),
  edge_runtime: z.object({ secrets: z.record(text, text).default({}) }).prefault({}),
  functions: z.record(
    z.string().regex(/^[a-zA-Z][a-zA-Z0-9_-]*$/, "a function's name has letters, digits, - and _ only"),
    z.object({
      enabled: flag.default(true),
      verify_jwt: flag.default(true),
      import_map: text.optional(),
      entrypoint: text.optional(),
    }),
  ).default({}),
});

export type Config = z.infer<typeof schema>;

/** `env(NAME)` stands for that variable, as in the CLI; a missing one is empty. */
function withVariables(value: unknown): unknown {
  if (typeof value === "string") {
    const name = /^env\((\w+)\)$/.exec(value)?.[1];
    return name === undefined ? value : process.env[name] ?? "";
  }
  if (Array.isArray(value)) return value.map(withVariables);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, withVariables(child)]));
  }
  return value;
}

/** Reads and checks a `config.toml`; a wrong setting is named with its path. */
export function readConfig(path: string): Config {
  const result = schema.safeParse(withVariables(parse(readFileSync(path, "utf8"))));
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`${path} has settings that the stack cannot use:\n${problems.join("\n")}`);
}
