import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse } from "smol-toml";
import * as z from "zod";
import { authSchema } from "./auth-config.ts";

const port = z.int().min(1).max(65535);
const flag = z.boolean();
const text = z.string();

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
  auth: authSchema,
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

type Issue = z.core.$ZodIssue;

/** One line for each setting that is wrong: where, and what. */
function sentencesOf(issue: Issue): string[] {
  const place = issue.path.join(".");
  if (issue.code !== "unrecognized_keys") return [`${place}: ${issue.message}`];
  return issue.keys.map((key) => `${place}.${key}: this setting is unknown here; is it spelled right?`);
}

/** Makes the files that the settings name findable from anywhere. */
function withPaths(config: Config, supabaseFolder: string): { config: Config; missing: string[] } {
  const missing: string[] = [];
  const found = (setting: string, folder: string, path: string) => {
    const file = resolve(folder, path);
    if (!existsSync(file)) missing.push(`${setting}: there is no file ${file}`);
    return file;
  };
  const { auth } = config;
  if (auth.signing_keys_path !== undefined) {
    auth.signing_keys_path = found("auth.signing_keys_path", supabaseFolder, auth.signing_keys_path);
  }
  for (const kind of ["template", "notification"] as const) {
    for (const [name, mail] of Object.entries(auth.email[kind])) {
      if (mail.content_path === undefined) continue;
      // Alone among the paths of config.toml, these start at the project, not at its folder `supabase`.
      const setting = `auth.email.${kind}.${name}.content_path`;
      mail.content_path = found(setting, dirname(supabaseFolder), mail.content_path);
    }
  }
  return { config, missing };
}

/** Reads and checks a `config.toml`; a wrong setting is named with its path. */
export function readConfig(path: string): Config {
  const complain = (problems: string[]) =>
    new Error(`${path} has settings that the stack cannot use:\n  ${problems.join("\n  ")}`);
  const result = schema.safeParse(withVariables(parse(readFileSync(path, "utf8"))));
  if (!result.success) throw complain(result.error.issues.flatMap(sentencesOf));
  const { config, missing } = withPaths(result.data, dirname(path));
  if (missing.length > 0) throw complain(missing);
  return config;
}
