import * as z from "zod";

/** The settings that every function with a database reads. */
export const databaseSettings = {
  SUPABASE_DB_URL: z.url({ protocol: /^postgres(ql)?$/, error: "must be a postgresql:// address" }),
  LOG_LEVEL: z.enum(["debug", "info", "error"]).default("info"),
};

/**
 * Checks a function's settings once, at its start, so that a missing one is a clear message there and not a
 * failing call later. Says which settings are wrong, never their values.
 */
export function readEnvironment<Shape extends z.ZodRawShape>(
  shape: Shape,
  source: Record<string, string | undefined>,
): z.infer<z.ZodObject<Shape>> {
  const result = z.object(shape).safeParse(source);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
  throw new Error(`This function cannot start. Check its settings: ${problems.join("; ")}`);
}
