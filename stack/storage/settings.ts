import * as z from "zod";

const units: Record<string, number> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** A size as config.toml writes it: "64MiB". */
const size = z.string().regex(/^\d+\s*([KMG]i?)?B?$/i, "must be a size such as 64MiB").transform((text) => {
  const [, digits = "", unit = ""] = /^(\d+)\s*([KMG]?)/i.exec(text) ?? [];
  return Number(digits) * (units[unit.toUpperCase()] ?? 1);
});

const variables = z.object({
  HOST: z.string().default("127.0.0.1"),
  PORT: z.coerce.number().int().positive(),
  /** Connects as the owner of the schema `storage`, who may take on the roles of the API. */
  DATABASE_URL: z.url(),
  /** The folder that the bytes go to. */
  FILES: z.string().min(1),
  FILE_SIZE_LIMIT: size.default(50 * 2 ** 20),
  JWT_SECRET: z.string().min(32),
  JWT_JWKS: z.string().transform((text) => keySet.parse(JSON.parse(text))),
});

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

export type Settings = z.infer<typeof variables>;

/** Checks the settings of the environment; a wrong one is named, its value is not. */
export function readSettings(environment: Record<string, string | undefined>): Settings {
  const result = variables.safeParse(environment);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
  throw new Error(problems.join("; "));
}
