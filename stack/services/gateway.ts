import { join } from "node:path";
import { type Instance, root } from "../instance.ts";
import { jwtSecret, publicKeys } from "../keys.ts";
import { answers, baseEnvironment, type Service } from "../service.ts";
import type { GatewaySettings } from "../gateway/settings.ts";
import { mailTemplatesOf } from "./auth-settings.ts";

function settings(instance: Instance): GatewaySettings {
  const { config, keys, ports } = instance;
  return {
    port: ports.gateway,
    upstreams: { auth: ports.auth, rest: ports.rest, realtime: ports.realtime, storage: ports.storage },
    functions: Object.entries(ports.functions).map(([name, port]) => ({
      name,
      port,
      verifyJwt: config.functions[name]?.verify_jwt ?? true,
    })),
    keys: {
      anon: keys.anonKey,
      serviceRole: keys.serviceRoleKey,
      publishable: keys.publishableKey,
      secret: keys.secretKey,
    },
    jwtSecret,
    publicKeys: publicKeys(keys).map((key) => ({ kty: "EC", ...key })),
    mailTemplates: mailTemplatesOf(config),
  };
}

export const gateway: Service = {
  name: "gateway",
  install: () => Promise.resolve(),
  start: (instance) => ({
    program: process.execPath,
    arguments: [join(root, "stack", "gateway", "main.ts")],
    environment: { ...baseEnvironment(), GATEWAY_SETTINGS: JSON.stringify(settings(instance)) },
    folder: root,
  }),
  ready: (instance) => answers(instance.ports.gateway, "/"),
  stop: "SIGTERM",
};
