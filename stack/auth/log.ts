/** Writes one JSON line. */
export function log(level: "info" | "error", msg: string, details: Record<string, unknown> = {}): void {
  const line = { level, time: new Date().toISOString(), msg, ...details };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
