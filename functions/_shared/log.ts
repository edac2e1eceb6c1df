/** Details of one log line. */
export type LogFields = Record<string, unknown>;

/** Writes structured lines; `debug` lines appear only where asked for. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** From quiet to loud: a log writes its own level and everything before it. */
const levels = ["error", "info", "debug"] as const;

/** Names of fields whose value never reaches a log, whatever it holds. */
const secretName = /key$|token|secret|password|pin$|otp|authorization|cookie|phone|recipient/i;

/**
 * What hides inside other text: API keys, JSON web tokens, passwords in addresses, query strings; mail addresses and
 * telephone numbers of people.
 */
const secretText = [
  [/\b(sk_live|sb_secret|sb_publishable)_[\w-]+/g, "$1_[redacted]"],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, "[redacted]"],
  [/(\w+:\/\/[^\s/:@]*):[^\s/@]*@/g, "$1:[redacted]@"],
  [/(\w+:\/\/[^\s?]*)\?[^\s"]*/g, "$1?[redacted]"],
  [/[\w.+-]+@[\w-]+(\.[\w-]+)+/g, "[email]"],
  [/\+\d[\d ()-]{5,20}\d/g, "[phone]"],
  // Auth writes numbers without the plus sign; only a word beside one tells it from an id or a count.
  [
    /(\b(?:(?:tele)?phone|mobile|msisdn)|'(?:To|From)')((?: number)?[ :=("']{1,3})\d{7,15}\b/gi,
    "$1$2[phone]",
  ],
] as const;

const longestText = 1000;

function redactText(text: string): string {
  let clean = text.length > longestText ? `${text.slice(0, longestText)}…` : text;
  for (const [pattern, replacement] of secretText) clean = clean.replace(pattern, replacement);
  return clean;
}

/** Removes what must not be kept: values of fields with a secret's name, and secrets inside texts. */
export function redact(value: unknown, name = "", depth = 0): unknown {
  if (value === null || value === undefined) return value;
  if (secretName.test(name)) return "[redacted]";
  if (typeof value === "string") return redactText(value);
  if (value instanceof Error) {
    const code = "code" in value && typeof value.code === "string" ? value.code : undefined;
    return { name: value.name, message: redactText(value.message), ...(code && { state: code }) };
  }
  if (typeof value !== "object") return value;
  if (depth === 4) return "[…]";
  if (Array.isArray(value)) return value.slice(0, 20).map((item) => redact(item, "", depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redact(item, key, depth + 1)]));
}

/** A log of one JSON document a line on standard output, as the platform's log collectors expect it. */
export function createLog(
  name: string,
  level: (typeof levels)[number] = "info",
  write: (line: string) => void = console.log,
): Log {
  const loudest = levels.indexOf(level);
  const writer = (kind: (typeof levels)[number]) => (event: string, fields: LogFields = {}) => {
    if (levels.indexOf(kind) > loudest) return;
    const line = { time: new Date().toISOString(), level: kind, function: name, event };
    write(JSON.stringify({ ...line, ...(redact(fields) as LogFields) }));
  };
  return { debug: writer("debug"), info: writer("info"), error: writer("error") };
}
