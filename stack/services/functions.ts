import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { apiUrl, databaseUrl, type Instance, root } from "../instance.ts";
import { publicKeys } from "../keys.ts";
import { host } from "../ports.ts";
import { runToEnd } from "../program.ts";
import { answers, baseEnvironment, type Command, type Service } from "../service.ts";

/** The program itself: the one in `.bin` may be a wrapper, which would survive its signals. */
const deno = join(root, "node_modules", "@deno", `linux-${process.arch}-glibc`, "deno");
const cache = join(root, ".stack", "deno");

/** One Edge Function as config.toml describes it; its paths are relative to `supabase/`. */
function describe(instance: Instance, name: string) {
  const settings = instance.config.functions[name];
  const folder = join(root, "supabase");
  const entry = resolve(folder, settings?.entrypoint ?? join("functions", name, "index.ts"));
  const map = settings?.import_map ?? join("functions", name, "deno.json");
  const configuration = existsSync(resolve(folder, map)) ? resolve(folder, map) : undefined;
  return { entry, configuration };
}

/** The flags that both installing and running need: the function's own imports, and the versions that are locked. */
function imports(configuration: string | undefined): string[] {
  if (configuration === undefined) return ["--no-config"];
  const lock = join(dirname(configuration), "deno.lock");
  // A new import adds itself to the lock file, except where nobody would commit that.
  const frozen = process.env.CI === undefined ? [] : ["--frozen"];
  return [
    `--config=${configuration}`,
    "--node-modules-dir=none",
    ...existsSync(lock) ? [`--lock=${lock}`, ...frozen] : [],
  ];
}

/** What the platform gives to every function, and the secrets of config.toml; nothing of the caller's environment. */
function environment(instance: Instance, port: number): Record<string, string> {
  const { keys, config } = instance;
  return {
    ...config.edge_runtime.secrets,
    PATH: "/usr/bin:/bin",
    DENO_DIR: cache,
    DENO_NO_UPDATE_CHECK: "1",
    NO_COLOR: "1",
    DENO_SERVE_ADDRESS: `tcp:${host}:${port}`,
    SUPABASE_URL: apiUrl(instance),
    SUPABASE_DB_URL: databaseUrl(instance),
    SUPABASE_ANON_KEY: keys.anonKey,
    SUPABASE_SERVICE_ROLE_KEY: keys.serviceRoleKey,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: keys.publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: keys.secretKey }),
    SUPABASE_JWKS: JSON.stringify({ keys: publicKeys(keys) }),
  };
}

function edgeFunction(name: string, port: number): Service {
  return {
    name: `function-${name}`,
    async install(instance, say) {
      const { entry, configuration } = describe(instance, name);
      if (!existsSync(entry)) throw new Error(`its entry is missing: ${entry}`);
      if (mkdirSync(cache, { recursive: true }) !== undefined) {
        say("Fetching the packages of the Edge Functions (once)");
      }
      await runToEnd({
        program: deno,
        arguments: ["cache", "--quiet", ...imports(configuration), entry],
        environment: {
          ...baseEnvironment(),
          DENO_DIR: cache,
          DENO_NO_UPDATE_CHECK: "1",
          // A registry may be reached through a proxy whose certificate only the system knows.
          DENO_TLS_CA_STORE: "mozilla,system",
          NO_COLOR: "1",
        },
        folder: root,
      });
    },
    start(instance): Command {
      const { entry, configuration } = describe(instance, name);
      // An entry either serves by itself or exports what is to be served.
      const verb = /^export default /m.test(readFileSync(entry, "utf8")) ? "serve" : "run";
      const code = configuration === undefined ? dirname(entry) : dirname(configuration);
      return {
        program: deno,
        arguments: [
          verb,
          "--no-prompt",
          "--cached-only",
          ...imports(configuration),
          "--allow-net",
          "--allow-env",
          `--allow-read=${code},${cache}`,
          entry,
        ],
        environment: environment(instance, port),
        folder: dirname(entry),
      };
    },
    // A question that costs nothing: anything else would be work for the function, and a line in its log.
    ready: () => answers(port, `/${name}`, "OPTIONS"),
    stop: "SIGTERM",
  };
}

export function functions(instance: Instance): Service[] {
  return Object.entries(instance.ports.functions).map(([name, port]) => edgeFunction(name, port));
}
