import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire, stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const library = join(
  dirname(createRequire(import.meta.url).resolve("@supabase/supabase-js/package.json")),
  "dist/umd/supabase.js",
);

/** What is served under which name; a script's types are taken out on the way. */
const files: Record<string, { path: string; type: string }> = {
  "/": { path: join(folder, "index.html"), type: "text/html" },
  "/page.css": { path: join(folder, "page.css"), type: "text/css" },
  "/supabase.js": { path: library, type: "text/javascript" },
  ...Object.fromEntries(
    ["page", "shared", "ask", "singer", "host"].flatMap((name) => {
      const file = { path: join(folder, `${name}.ts`), type: "text/javascript" };
      return [[`/${name}.js`, file], [`/${name}.ts`, file]];
    }),
  ),
};

/** Serves the page for the project at `url`; resolves with the page's address. Port 0 takes a free one. */
export async function servePage(
  url: string,
  key: string,
  port: number,
): Promise<{ address: string; stop: () => void }> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://page");
    const headers = { "cache-control": "no-cache", "x-content-type-options": "nosniff" };
    if (pathname === "/settings.json") {
      response.writeHead(200, { ...headers, "content-type": "application/json" }).end(
        JSON.stringify({ url, key }),
      );
      return;
    }
    const file = files[pathname];
    if (!file) {
      response.writeHead(404, headers).end("There is no such page.");
      return;
    }
    const text = await readFile(file.path, "utf8");
    response.writeHead(200, { ...headers, "content-type": `${file.type}; charset=utf-8` })
      .end(file.path.endsWith(".ts") ? stripTypeScriptTypes(text) : text);
  });
  await new Promise<void>((resolve, reject) =>
    server.once("error", reject).listen(port, "127.0.0.1", resolve)
  );
  const bound = server.address();
  const address = `http://127.0.0.1:${typeof bound === "object" && bound ? bound.port : port}`;
  return {
    address,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { API_URL: url, PUBLISHABLE_KEY: key } = process.env;
  if (!url || !key) throw new Error("API_URL and PUBLISHABLE_KEY are missing. Run: npm run example");
  const { address } = await servePage(url, key, 54330);
  console.log(`The venue's page: ${address}/?venue=the-demo-bar   The host's side: ${address}/#host`);
}
