type Level = "info" | "warning" | "error";

/** Writes one JSON line to stdout. */
export function log(level: Level, message: string, fields: Record<string, unknown> = {}): void {
  const error = fields.error;
  const described = error instanceof Error ? { ...fields, error: error.message } : fields;
  process.stdout.write(
    JSON.stringify({ time: new Date().toISOString(), level, service: "realtime", message, ...described }) +
      "\n",
  );
}
