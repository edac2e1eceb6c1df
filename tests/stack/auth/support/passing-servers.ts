import { afterEach } from "vitest";
import { call, newFormat, password } from "./api.ts";
import type { OwnServer } from "./own-server.ts";
import { startServer } from "./own-server.ts";

const servers: OwnServer[] = [];

/** A server with these settings, for one test. */
export async function start(settings: Record<string, string>): Promise<OwnServer> {
  const server = await startServer(settings);
  servers.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

/** Requests to one server, with its errors in the new format. */
export function at(server: OwnServer) {
  return {
    call: (
      method: string,
      path: string,
      body?: unknown,
      token?: string,
      headers: Record<string, string> = {},
    ) =>
      call(method, path, body, {
        base: server.url,
        headers: { ...newFormat, ...headers },
        ...(token === undefined ? {} : { token }),
      }),
    signIn: async (body: Record<string, unknown>) =>
      (await call("POST", "/token?grant_type=password", { password, ...body }, { base: server.url })).body,
    refresh: (token: string) =>
      call("POST", "/token?grant_type=refresh_token", { refresh_token: token }, {
        base: server.url,
        headers: newFormat,
      }),
  };
}
