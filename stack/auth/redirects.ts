import { isIP } from "node:net";
import type { Call } from "./call.ts";
import type { Settings } from "./settings.ts";

interface ParsedUrl {
  scheme: string;
  host: string;
  port: string;
}

/** Reads a URL without the repairs of the URL class, which turns "http://2130706433" into 127.0.0.1. */
function parse(url: string): ParsedUrl | undefined {
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u0020\u007f\\]/.test(url)) return undefined;
  const match = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#]*))?/i.exec(url);
  if (match === null) return undefined;
  const authority = match[2] ?? "";
  const parts = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]*)(?::(\d*))?$/i.exec(authority);
  if (parts === null) return undefined;
  return {
    scheme: (match[1] ?? "").toLowerCase(),
    host: (parts[1] ?? "").toLowerCase(),
    port: parts[2] ?? "",
  };
}

function isLoopbackAddress(host: string): boolean {
  return host === "[::1]" || (isIP(host) === 4 && host.startsWith("127."));
}

/**
 * `*` is any run without "." and "/", `**` anything, `?` one such character, `[abc]` and `[a-c]` one of these, `[!a-c]` one that
 * is none of these, and a backslash takes the next character for what it is.
 */
function globToPattern(glob: string): RegExp {
  const source = glob.replaceAll(/\*\*|\*|\?|\[!?[^\]]+\]|\\.|[^*?[\\]+|./gs, (part) => {
    if (part === "**") return ".*";
    if (part === "*") return "[^./]*";
    if (part === "?") return "[^./]";
    const [, not, among] = /^\[(!?)(.+)\]$/s.exec(part) ?? [];
    if (among !== undefined) return `[${not === "" ? "" : "^"}${among.replaceAll(/[\\^[]/g, "\\$&")}]`;
    return part.replace(/^\\(?=.)/s, "").replaceAll(/[\\^$.*?|+()[\]{}]/g, "\\$&");
  });
  return new RegExp(`^${source}$`, "s");
}

const defaultPorts: Record<string, string> = { http: "80", https: "443" };

function sameSite(url: ParsedUrl, site: ParsedUrl): boolean {
  if (url.scheme !== site.scheme || url.host !== site.host || site.host === "") return false;
  if (site.host === "localhost" || isLoopbackAddress(site.host)) return true;
  const port = (from: ParsedUrl) => from.port || defaultPorts[from.scheme] || "";
  return port(url) === port(site);
}

/** Whether people may be sent to this URL. */
function isRedirectAllowed(settings: Pick<Settings, "siteUrl" | "allowList">, url: string): boolean {
  const parsed = parse(url);
  if (parsed === undefined) return false;
  const site = parse(settings.siteUrl);
  if (site !== undefined && sameSite(parsed, site)) return true;
  const bare = parsed.host.replaceAll(/[[\]]/g, "");
  if (isLoopbackAddress(parsed.host)) return parsed.scheme === "http" || parsed.scheme === "https";
  if (isIP(bare) !== 0 || /^(0x[0-9a-f]+|\d+)(\.(0x[0-9a-f]+|\d+))*$/.test(bare)) return false;
  const target = url.split("#")[0] ?? url;
  return settings.allowList.some((glob) => globToPattern(glob).test(target));
}

/** Where this request wants people to end up; the site itself when that is nowhere they may go. */
export function redirectTarget(call: Call, fromBody?: string): string {
  const { c, settings } = call;
  const candidates = [
    fromBody,
    c.req.header("redirect_to"),
    c.req.query("redirect_to"),
    c.req.header("referer"),
  ];
  for (const candidate of candidates) {
    if (candidate !== undefined && candidate !== "" && isRedirectAllowed(settings, candidate)) {
      return candidate;
    }
  }
  return settings.siteUrl;
}

function escape(text: string): string {
  return encodeURIComponent(text)
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

/** Form encoding with the keys in order. */
export function encodeQuery(values: Record<string, string>): string {
  return Object.entries(values)
    .sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
    .map(([key, value]) => `${escape(key)}=${escape(value)}`)
    .join("&");
}

/** Adds to the query of a URL, before any fragment. */
export function withQuery(url: string, values: Record<string, string>): string {
  const [address, fragment] = url.split("#", 2) as [string, string | undefined];
  const [path, query] = address.split("?", 2) as [string, string | undefined];
  const merged: Record<string, string> = {
    ...Object.fromEntries(new URLSearchParams(query ?? "")),
    ...values,
  };
  return `${path}?${encodeQuery(merged)}${fragment === undefined ? "" : `#${fragment}`}`;
}

/** Adds a fragment, after one that is there. The empty `sb` marks it as written by this service. */
export function withFragment(url: string, values: Record<string, string>): string {
  return `${url}#${encodeQuery({ ...values, sb: "" })}`;
}

/** A redirect to a checked URL; anything that could break the header is encoded. */
export function redirect(status: 302 | 303, url: string): Response {
  // deno-lint-ignore no-control-regex
  const location = url.toWellFormed().replaceAll(/[\u0000-\u0020\u007f-\u{10ffff}]/gu, encodeURIComponent);
  return new Response(null, { status, headers: { location } });
}
