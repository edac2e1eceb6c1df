import { join } from "node:path";
import { databaseUrl, root } from "../instance.ts";
import { answers, baseEnvironment, type Service } from "../service.ts";

export const inbox: Service = {
  name: "inbox",
  install: () => Promise.resolve(),
  start: (instance) => ({
    program: process.execPath,
    arguments: [join(root, "stack", "inbox", "main.ts")],
    environment: {
      ...baseEnvironment(),
      PORT: String(instance.ports.inbox),
      DATABASE_URL: databaseUrl(instance),
    },
    folder: root,
  }),
  ready: (instance) => answers(instance.ports.inbox, "/health"),
  stop: "SIGTERM",
};
