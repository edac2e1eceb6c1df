import { answers, baseEnvironment, type Service } from "../service.ts";
import { commandOf, replaceable, runToEnd } from "../program.ts";
import { authSettings } from "./auth-settings.ts";

const server = replaceable("auth", "STACK_AUTH");

export const auth: Service = {
  name: "auth",
  install: (instance) =>
    runToEnd(commandOf(server, "migrate", { ...baseEnvironment(), ...authSettings(instance) })),
  start: (instance) => commandOf(server, "serve", { ...baseEnvironment(), ...authSettings(instance) }),
  ready: (instance) => answers(instance.ports.auth, "/health"),
  stop: "SIGTERM",
};
