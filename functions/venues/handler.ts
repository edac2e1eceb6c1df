import encodeQr from "qr";
import type { Log } from "../_shared/log.ts";
import { type Problem, problemResponse } from "../_shared/problem.ts";
import { requestId } from "../_shared/request.ts";
import type { Found } from "./api.ts";

export interface Dependencies {
  /** Finds a venue's page as whoever carries the authorization. */
  findPage(urlName: string, authorization: string | null): Promise<Found>;
  log: Log;
}

const mountedAt = /^(?:\/functions\/v1)?\/venues\/([^/]+)\/qr\.svg$/;

/** Answers GET /venues/<url name>/qr.svg with the code that opens the venue's page. */
export async function handle(request: Request, dependencies: Dependencies): Promise<Response> {
  const id = requestId(request);
  const response = await answer(request, dependencies).catch((error: unknown) => {
    dependencies.log.error("failed", { request_id: id, error });
    const detail = "Something failed here; try again in a moment.";
    return refuse(request, { status: 503, code: "unavailable", detail, retryAfter: 5 });
  });
  response.headers.set("x-request-id", id);
  response.headers.set("x-content-type-options", "nosniff");
  response.headers.set("access-control-allow-origin", "*");
  response.headers.set("access-control-expose-headers", "etag, retry-after, x-request-id");
  return response;
}

async function answer(request: Request, { findPage }: Dependencies): Promise<Response> {
  if (request.method === "OPTIONS") return preflight();
  const encoded = mountedAt.exec(new URL(request.url).pathname)?.[1];
  const urlName = encoded === undefined ? undefined : decode(encoded);
  if (urlName === undefined) {
    const detail = "There is nothing here. A venue's code is at /venues/<url name>/qr.svg.";
    return refuse(request, { status: 404, code: "not_found", detail });
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    const problem = { status: 405, code: "method_not_allowed", detail: "Use GET." };
    return refuse(request, problem, { allow: "GET, HEAD, OPTIONS" });
  }
  const found = await findPage(urlName, request.headers.get("authorization"));
  if ("refusal" in found) return refuse(request, found.refusal);
  const { url, is_private } = found.page;
  // With a quarter of it torn off or painted over, a poster's code is still read; on a dark poster it needs its own ground.
  const svg = encodeQr(url, "svg", { ecc: "quartile", border: 4 })
    .replace(/^<svg[^>]*>/, '$&<rect width="100%" height="100%" fill="#fff"/>');
  const headers = {
    etag: await etagOf(url),
    "cache-control": is_private ? "private, no-cache" : "public, max-age=300",
    vary: "authorization",
  };
  const known = (request.headers.get("if-none-match") ?? "").split(",").map((tag) => tag.trim());
  if (known.some((tag) => [headers.etag, "*"].includes(tag))) {
    return new Response(null, { status: 304, headers });
  }
  return new Response(request.method === "HEAD" ? null : svg, {
    headers: {
      ...headers,
      "content-type": "image/svg+xml",
      // An image and nothing else, wherever it is opened.
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    },
  });
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

async function etagOf(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return `"${[...hash.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}"`;
}

function refuse(
  request: Request,
  problem: Omit<Problem, "title">,
  headers: Record<string, string> = {},
): Response {
  const words = problem.code.replaceAll("_", " ");
  return problemResponse(
    request,
    { ...problem, title: words.charAt(0).toUpperCase() + words.slice(1) },
    headers,
  );
}

function preflight(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": "GET, HEAD, OPTIONS",
      "access-control-allow-headers": "apikey, authorization, if-none-match, x-client-info, x-request-id",
      "access-control-max-age": "3600",
    },
  });
}
