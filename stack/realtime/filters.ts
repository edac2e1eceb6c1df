import { isRecord } from "./frames.ts";

export interface Filter {
  column: string;
  operator: string;
  value: string;
  negate: boolean;
}

/** What one subscription listens to. */
export interface ChangeRequest {
  event: "*" | "INSERT" | "UPDATE" | "DELETE";
  schema: string;
  table: string;
  filters: Filter[];
  columns: string[] | null;
}

/** Why a subscription cannot be understood: it is not tried again. */
export class MalformedRequest extends Error {}

const operators = [
  "eq",
  "neq",
  "lt",
  "lte",
  "gt",
  "gte",
  "in",
  "like",
  "ilike",
  "is",
  "match",
  "imatch",
  "isdistinct",
];
const events = ["INSERT", "UPDATE", "DELETE"] as const;

/** Reads one entry of a join's `postgres_changes`. */
export function readChangeRequest(value: unknown): ChangeRequest {
  const entry = isRecord(value) ? value : {};
  const { schema, table, filter, select } = entry;
  const has = (name: string) => entry[name] !== undefined && entry[name] !== null;
  const understood = typeof schema === "string"
    ? (!has("table") || typeof table === "string") &&
      (!has("filter") || typeof filter === "string" && has("table"))
    : !has("schema") && typeof table === "string" && !has("filter");
  if (!understood) {
    const given = JSON.stringify(value);
    throw new MalformedRequest(
      `No subscription params provided. Please provide at least a \`schema\` or \`table\` to subscribe to: ${given}`,
    );
  }
  if (typeof select === "string") {
    throw new MalformedRequest("Error parsing `select` params: expected a list of column name strings");
  }
  const columns = Array.isArray(select) ? select.filter((name) => typeof name === "string") : [];
  const request: ChangeRequest = {
    event: readEvent(entry.event),
    schema: typeof schema === "string" ? schema : "public",
    table: typeof table === "string" ? table : "*",
    filters: typeof filter === "string" ? readFilters(filter) : [],
    columns: columns.length > 0 ? columns : null,
  };
  if (request.columns && (request.schema === "*" || request.table === "*")) {
    throw new MalformedRequest(
      "Column selection is not supported for wildcard subscriptions. Provide an explicit schema and table name.",
    );
  }
  return request;
}

function readEvent(value: unknown): ChangeRequest["event"] {
  const name = typeof value === "string" ? value.toUpperCase() : "";
  return events.find((event) => event === name) ?? "*";
}

/** Reads `column=operator.value`, several joined by commas. */
export function readFilters(text: string): Filter[] {
  const trimmed = text.trim();
  return trimmed === "" ? [] : splitAtCommas(trimmed).map(readFilter);
}

function readFilter(text: string): Filter {
  const part = text.trim();
  if (part === "") fail("filter must not contain empty segments (check for extra commas)");
  const [column, condition] = cut(part, "=");
  if (condition === null) fail(show([part]));
  const negate = condition.startsWith("not.");
  const [operator, value] = cut(negate ? condition.slice("not.".length) : condition, ".");
  if (value === null) fail(show([operator]));
  if (!operators.includes(operator)) fail(show([operator, value]));
  return { column, operator, value: operator === "in" ? readList(value) : unquote(value), negate };
}

/** `(a,"b,c")` as PostgreSQL writes an array: `{a,"b,c"}`. */
function readList(value: string): string {
  if (!/^\(.*\)$/s.test(value)) fail("`in` filter value must be wrapped by parentheses");
  return `{${value.slice(1, -1)}}`;
}

/** Splits at commas outside of parentheses and of quoted values; a quote opens a value only at its start. */
function splitAtCommas(text: string): string[] {
  const parts: string[] = [];
  let part = "";
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!;
    if (quoted && character === "\\") {
      part += character + (text[++index] ?? "");
      continue;
    }
    if (character === '"' && (quoted || /[.(,]$/.test(part))) quoted = !quoted;
    else if (!quoted && character === "(") depth += 1;
    else if (!quoted && character === ")") depth = Math.max(0, depth - 1);
    else if (!quoted && depth === 0 && character === ",") {
      parts.push(part);
      part = "";
      continue;
    }
    part += character;
  }
  return [...parts, part];
}

function unquote(value: string): string {
  const inside = /^"((?:[^"\\]|\\.)*)"$/s.exec(value)?.[1];
  return inside === undefined ? value : inside.replace(/\\(.)/gs, "$1");
}

function cut(text: string, separator: string): [string, string | null] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}

function show(parts: string[]): string {
  return `[${parts.map((part) => JSON.stringify(part)).join(", ")}]`;
}

function fail(reason: string): never {
  throw new MalformedRequest(`Error parsing \`filter\` params: ${reason}`);
}
