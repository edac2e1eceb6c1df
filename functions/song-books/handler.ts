import * as z from "zod";
import { errorState } from "../_shared/database.ts";
import type { Log } from "../_shared/log.ts";
import { type Problem, problemResponse } from "../_shared/problem.ts";
import { type Origin, originOf, requestId } from "../_shared/request.ts";
import type { Caller, Identify } from "./caller.ts";
import type { Claim, SongBooks } from "./database.ts";
import { formats, isFormat } from "./formats/index.ts";
import { runImport } from "./importing.ts";
import type { Storage } from "./storage.ts";

export interface Dependencies {
  identify: Identify;
  books: SongBooks;
  storage: Storage;
  /** Lets work go on after the answer. */
  inBackground(work: Promise<void>): void;
  log: Log;
  peer?: string | undefined;
}

class Refusal extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.code);
    this.problem = problem;
  }
}

const titles: Record<number, string> = {
  400: "Bad request",
  401: "Not signed in",
  403: "Not allowed",
  404: "Not found",
  405: "Method not allowed",
  409: "Conflict",
  429: "Too many requests",
};

function refuse(status: number, code: string, detail: string, retryAfter?: number): Refusal {
  return new Refusal({
    status,
    code,
    title: titles[status] ?? "Refused",
    detail,
    ...retryAfter !== undefined && { retryAfter },
  });
}

const uuid = (text: string | undefined | null, code: string): string => {
  const found = z.guid().safeParse(text);
  if (!found.success) throw refuse(404, code, "There is no such thing, or it is not yours. Check the id.");
  return found.data;
};

const cors = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, POST, OPTIONS",
  "access-control-allow-headers":
    "authorization, apikey, content-type, x-api-key, x-client-info, x-request-id, x-region",
  "access-control-expose-headers": "content-disposition, x-request-id",
};

/** Takes an import on and works on it after the answer; nothing to do for one that is over or being worked on. */
async function begin(importId: string, caller: Caller, dependencies: Dependencies): Promise<Claim> {
  const { books, storage, log, inBackground } = dependencies;
  const claim = await books.claim(importId, caller);
  const { run_id: runId } = claim;
  if (runId !== null) {
    const started = performance.now();
    const work = async () => {
      const report = { import_id: claim.import.id, run_id: runId };
      try {
        await runImport(claim.import, runId, { books, read: (path) => storage.read("imports", path) });
        log.info("import ended", { ...report, duration_ms: Math.round(performance.now() - started) });
      } catch (error) {
        // It stays as it is; the schedule takes it on again.
        log.error("import broke off", { ...report, error });
      }
    };
    inBackground(work());
  }
  return claim;
}

/** POST /song-books/imports/<id>/run: answers at once; how it goes is told by the table song_imports and over Realtime. */
async function run(importId: string, caller: Caller, dependencies: Dependencies): Promise<Response> {
  if (caller.apiKey !== null) {
    throw refuse(403, "user_required", "An import is run by a user. Send the token of a signed-in user.");
  }
  const claim = await begin(uuid(importId, "import_not_found"), caller, dependencies);
  return Response.json(claim.import, { status: claim.run_id === null ? 200 : 202 });
}

function requireService({ claims }: Caller): void {
  if (claims["role"] !== "service_role") {
    throw refuse(403, "service_required", "Only the project's own schedule calls this.");
  }
}

/** POST /song-books/resume-imports, by the schedule: what was cut off, or never begun, is taken on. */
async function resumeImports(caller: Caller, dependencies: Dependencies): Promise<Response> {
  requireService(caller);
  let resumed = 0;
  for (const id of await dependencies.books.stalledImports()) {
    if ((await begin(id, caller, dependencies)).run_id !== null) resumed++;
  }
  return Response.json({ resumed });
}

/** GET /song-books/export?system_id=&format= */
async function exportBook(
  url: URL,
  caller: Caller,
  address: string | null,
  { books }: Dependencies,
): Promise<Response> {
  const format = url.searchParams.get("format") ?? "csv";
  if (!isFormat(format)) {
    throw refuse(400, "format_unknown", `The format is none of ${Object.keys(formats).join(", ")}.`);
  }
  const systemId = uuid(url.searchParams.get("system_id"), "system_not_found");
  const answer = await books.openExport(systemId, caller, address);
  if ("status" in answer) {
    const { status, code, detail, hint, retry_after: retryAfter } = answer;
    throw refuse(status, code, `${detail} ${hint}`.trim(), retryAfter);
  }
  const { contentType, write } = formats[format];
  const encoder = new TextEncoder();
  const bytes = async function* () {
    for await (const piece of write(books.songs(systemId))) {
      yield typeof piece === "string" ? encoder.encode(piece) : piece;
    }
  };
  const file = `songs-${new Date().toISOString().slice(0, 10)}.${format}`;
  return new Response(ReadableStream.from(bytes()), {
    headers: { "content-type": contentType, "content-disposition": `attachment; filename="${file}"` },
  });
}

/** POST /song-books/expire-files, by the schedule: files over a week old go, through Storage, which alone knows their bytes. */
async function expireFiles(caller: Caller, { books, storage }: Dependencies): Promise<Response> {
  requireService(caller);
  const files = await books.expiredFiles();
  await storage.removeAll(files);
  return Response.json({ deleted: files.length });
}

async function answer(
  request: Request,
  { address }: Origin,
  dependencies: Dependencies,
): Promise<Response> {
  const url = new URL(request.url);
  const path = url.pathname.slice(url.pathname.indexOf("/song-books") + "/song-books".length);
  const importId = /^\/imports\/([^/]+)\/run\/?$/.exec(path)?.[1];
  const routes: { method: string; matches: boolean; work(caller: Caller): Promise<Response> }[] = [
    {
      method: "POST",
      matches: importId !== undefined,
      work: (caller) => run(importId ?? "", caller, dependencies),
    },
    {
      method: "GET",
      matches: /^\/export\/?$/.test(path),
      work: (caller) => exportBook(url, caller, address, dependencies),
    },
    {
      method: "POST",
      matches: /^\/expire-files\/?$/.test(path),
      work: (caller) => expireFiles(caller, dependencies),
    },
    {
      method: "POST",
      matches: /^\/resume-imports\/?$/.test(path),
      work: (caller) => resumeImports(caller, dependencies),
    },
  ];
  const route = routes.find(({ matches }) => matches);
  if (route === undefined) throw refuse(404, "not_found", "There is imports/<id>/run and export here.");
  if (request.method !== route.method) throw refuse(405, "method_not_allowed", `Use ${route.method}.`);
  const caller = await dependencies.identify(request.headers);
  if (caller === undefined) {
    throw refuse(
      401,
      "not_signed_in",
      "This needs the token of a signed-in user, or an API key where it says so.",
    );
  }
  return await route.work(caller);
}

/** The refusal behind an error, or undefined for a fault of ours. */
function refusalOf(error: unknown): Problem | undefined {
  if (error instanceof Refusal) return error.problem;
  const status = Number(/^PT(4\d\d)$/.exec(errorState(error))?.[1]);
  if (!(error instanceof Error) || Number.isNaN(status)) return undefined;
  const text = (name: "detail" | "hint") =>
    name in error ? String((error as Error & Record<string, unknown>)[name] ?? "") : "";
  const wait = /^retry_after=(\d+)$/.exec(text("hint"))?.[1];
  return {
    status,
    code: error.message,
    title: titles[status] ?? "Refused",
    detail: [text("detail"), wait === undefined ? text("hint") : ""].filter((part) => part !== "").join(" "),
    ...wait !== undefined && { retryAfter: Number(wait) },
  };
}

/** Answers one HTTP request. */
export async function handle(request: Request, dependencies: Dependencies): Promise<Response> {
  const id = requestId(request);
  if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: cors });
  const headers = { ...cors, "x-request-id": id };
  try {
    const origin = originOf(request, id, dependencies.peer);
    const books = dependencies.books.calledFrom(origin);
    const response = await answer(request, origin, { ...dependencies, books });
    for (const [name, value] of Object.entries({ ...headers, "cache-control": "no-store" })) {
      response.headers.set(name, value);
    }
    return response;
  } catch (error) {
    const problem = refusalOf(error);
    if (problem !== undefined) return problemResponse(request, problem, headers);
    dependencies.log.error("failed", { request_id: id, error });
    return problemResponse(request, {
      status: 503,
      code: "unavailable",
      title: "Unavailable",
      detail: "Something went wrong here. Try again in a moment.",
      retryAfter: 5,
    }, headers);
  }
}
