import { Hono } from "hono";
import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Call, Handler, Service } from "./call.ts";
import { clientIp } from "./call.ts";
import { AuthError, errorResponse, timedOut } from "./errors.ts";
import { log } from "./log.ts";
import { routes } from "./routes/index.ts";

const largestBody = 1024 * 1024;

const exposedHeaders = "X-Total-Count, Link, X-Supabase-Api-Version";
const allowedHeaders =
  "Accept, Authorization, Content-Type, X-Client-IP, X-Client-Info, X-JWT-AUD, x-use-cookie, X-Supabase-Api-Version";

/** Answers within the time limit; what a late handler still does is cut short where it looks at the deadline. */
async function answerInTime(service: Service, c: Context, handler: Handler): Promise<Response> {
  const deadline = AbortSignal.timeout(service.settings.requestTimeout);
  const call: Call = {
    ...service,
    c,
    ip: clientIp(c),
    userAgent: c.req.header("user-agent") ?? "",
    deadline,
  };
  const late = Promise.withResolvers<never>();
  const onLate = () => late.reject(timedOut());
  deadline.addEventListener("abort", onLate);
  try {
    return await Promise.race([(async () => await handler(call))(), late.promise]);
  } finally {
    deadline.removeEventListener("abort", onLate);
  }
}

/** Answers preflights and marks answers for browsers. The gateway, which knows of `apikey`, answers its own. */
function preflight(c: Context): Response {
  const headers = new Headers();
  const asked = (c.req.header("access-control-request-headers") ?? "").split(",").map((name) => name.trim());
  const known = new Set(allowedHeaders.toLowerCase().split(", "));
  if (asked.every((name) => name === "" || known.has(name.toLowerCase()))) {
    headers.set("access-control-allow-origin", "*");
    headers.set("access-control-allow-credentials", "true");
    headers.set("access-control-allow-methods", "GET, POST, PATCH, PUT, DELETE");
    headers.set("access-control-allow-headers", asked.join(", "));
  }
  return new Response(null, { status: 204, headers });
}

/** The HTTP server's application. */
export function createServer(service: Service): Hono {
  const app = new Hono({ strict: false });
  app.use(async (c, next) => {
    if (c.req.method === "OPTIONS" && c.req.header("access-control-request-method") !== undefined) {
      return preflight(c);
    }
    await next();
    if (c.req.header("origin") !== undefined) {
      c.res.headers.set("access-control-allow-origin", "*");
      c.res.headers.set("access-control-allow-credentials", "true");
      c.res.headers.set("access-control-expose-headers", exposedHeaders);
    }
  });
  app.use(bodyLimit({
    maxSize: largestBody,
    onError: () => {
      throw new AuthError(
        413,
        "request_entity_too_large",
        `Request body too large (max ${largestBody} bytes)`,
      );
    },
  }));
  for (const [path, methods] of Object.entries(routes)) {
    app.all(path, async (c) => {
      const handler = methods[c.req.method as keyof typeof methods];
      if (handler === undefined) {
        return new Response(null, { status: 405, headers: { allow: Object.keys(methods).join(", ") } });
      }
      return await answerInTime(service, c, handler);
    });
  }
  app.notFound(() =>
    new Response("404 page not found\n", { status: 404, headers: { "content-type": "text/plain" } })
  );
  app.onError((error, c) => {
    const status = error instanceof AuthError ? error.status : 500;
    if (status >= 500 && status !== 504) {
      const cause = error.cause instanceof Error ? { cause: error.cause.message } : {};
      log("error", error.message, { method: c.req.method, path: c.req.path, stack: error.stack, ...cause });
    }
    return errorResponse(c, error);
  });
  return app;
}
