import { host } from "./ports.ts";
import type { Instance } from "./instance.ts";

/** A program to run. Its environment is exactly what is given here. */
export interface Command {
  program: string;
  arguments: string[];
  environment: Record<string, string>;
  folder: string;
  /** The system user to run as, when it is not the caller. */
  user?: { uid: number; gid: number };
}

/** Tells the person who waits what is being done. */
export type Say = (sentence: string) => void;

/** One server of the stack. */
export interface Service {
  name: string;
  /** Puts in place what the server needs. Runs before each start and changes nothing when all is there. */
  install(instance: Instance, say: Say): Promise<void>;
  start(instance: Instance): Command;
  /** Whether the server can do its work; undefined when it gives no answer at all. */
  ready(instance: Instance): Promise<boolean | undefined>;
  /** The signal on which the server ends in an orderly way. */
  stop: NodeJS.Signals;
}

/** True once a server answers with a status below 500, undefined while it does not answer. */
export async function answers(port: number, path: string, method = "GET"): Promise<boolean | undefined> {
  try {
    const response = await fetch(`http://${host}:${port}${path}`, {
      method,
      signal: AbortSignal.timeout(10_000),
    });
    await response.body?.cancel();
    return response.status < 500;
  } catch {
    return undefined;
  }
}

/** What every program needs from the caller's environment; nothing else leaks into the services. */
export function baseEnvironment(): Record<string, string> {
  const names = ["PATH", "HOME", "LANG", "TZ", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "DENO_CERT"];
  return Object.fromEntries(names.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  }));
}
