const answers = (type: string, description: string) => ({ description, content: { [type]: {} } });

const unready = answers("application/problem+json", "The database does not answer, or has no migrations");

/** What this function serves, as OpenAPI 3.1. */
export const openapi = {
  openapi: "3.1.0",
  info: { title: "Operations", version: "1.0.0" },
  components: {
    securitySchemes: {
      secretKey: { type: "http", scheme: "bearer", description: "The project's secret key" },
    },
  },
  paths: {
    "/healthz": {
      get: {
        summary: "Whether the function runs",
        responses: { 200: answers("application/json", "It does") },
      },
    },
    "/readyz": {
      get: {
        summary: "Whether the function can do its work",
        responses: {
          200: answers("application/json", "It can; `migration` is the newest one"),
          503: unready,
        },
      },
    },
    "/metrics": {
      get: {
        summary: "Figures of the running platform in Prometheus' text format",
        security: [{ secretKey: [] }],
        responses: {
          200: answers("text/plain", "One line a sample"),
          401: answers("application/problem+json", "No secret key"),
          503: unready,
        },
      },
    },
    "/openapi.json": {
      get: { summary: "This document", responses: { 200: answers("application/json", "This document") } },
    },
  },
};
