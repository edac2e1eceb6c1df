import * as z from "zod";
import { mount, named, type Operation, operations, problem } from "./operations.ts";

type Json = Record<string, unknown>;

const ref = (id: string) => `#/components/schemas/${id}`;

/** A schema as it stands in the document: a reference when it has a name. */
function reference(schema: z.ZodType): Json {
  const id = named.get(schema)?.id;
  if (id === undefined) throw new Error("A schema of the document has no name");
  return { $ref: ref(id) };
}

function components(): Json {
  const { schemas } = z.toJSONSchema(named, { uri: ref, io: "input" });
  // Here a schema is known by its place.
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _, $id: __, ...schema }]) => [id, schema]),
  );
}

function parameters(place: "path" | "query", schema: z.ZodObject | undefined): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: "input" });
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...shape } = property as Json;
    return {
      name,
      in: place,
      required: place === "path" || required.includes(name),
      ...(description !== undefined && { description }),
      schema: shape,
    };
  });
}

const header = (name: string, description: string) => ({
  name,
  in: "header",
  required: false,
  description,
  schema: { type: "string" },
});

const requestIdHeader = {
  "X-Request-Id": { description: "Names the call in the logs", schema: { type: "string" } },
};
const etagHeader = { ETag: { description: "Names this version of the answer", schema: { type: "string" } } };

/** Every refusal there is, by its status. */
const refusals: Record<number, string> = {
  400: "The input is wrong; `errors` says where",
  401: "No API key, or one that is invalid, expired or revoked",
  403: "The key lacks a scope; `detail` names it",
  404: "There is no such thing, or it is not this key's",
  409: "The request's state does not allow it, or the Idempotency-Key was used for another request",
  410: "The cursor is unknown: read the queue again",
  413: "The body is too large",
  415: "The body is not application/json",
  422: "The venue does not take this request; Retry-After says when it will, where that is known",
  429: "Too many calls; Retry-After says when to come back",
  500: "The server failed",
  503: "The database does not answer; try again",
};

const problemContent = { "application/problem+json": { schema: reference(problem) } };

function responses(operation: Operation): Json {
  const isRead = operation.method === "GET";
  const answers = operation.success.map(({ status, description, schema }) => [
    status,
    {
      description,
      headers: {
        ...requestIdHeader,
        ...(isRead && etagHeader),
        ...(status === 201 && { Location: { description: "Where it is", schema: { type: "string" } } }),
      },
      content: {
        "application/json": { schema: reference(schema) },
        ...(operation.waits && { "text/event-stream": { schema: { type: "string" } } }),
      },
    },
  ]);
  const unchanged = [304, {
    description: "Still what If-None-Match names",
    headers: { ...requestIdHeader, ...etagHeader },
  }];
  const takesInput = operation.params ?? operation.query ?? operation.body;
  const statuses = [
    ...(takesInput ? [400] : []),
    401,
    403,
    ...operation.refusals,
    ...(operation.body ? [413, 415] : []),
    429,
    500,
    503,
  ];
  const refused = statuses.map((status) => [
    status,
    {
      description: refusals[status],
      headers: {
        ...requestIdHeader,
        ...([422, 429, 503].includes(status) && {
          "Retry-After": { description: "Seconds to wait", schema: { type: "integer" } },
        }),
      },
      content: problemContent,
    },
  ]);
  return Object.fromEntries([...answers, ...(isRead ? [unchanged] : []), ...refused]);
}

function describe(operation: Operation): Json {
  const { id, summary, description, scope, params, query, body, waits, takesIdempotencyKey } = operation;
  return {
    operationId: id,
    summary,
    ...(description !== undefined && { description }),
    security: [{ apiKey: [scope] }, { bearer: [scope] }],
    parameters: [
      ...parameters("path", params),
      ...parameters("query", query),
      ...(operation.method === "GET"
        ? [header("If-None-Match", "An ETag: answer 304 while it still holds")]
        : []),
      ...(waits ? [header("Last-Event-ID", "The last event of a broken stream")] : []),
      ...(takesIdempotencyKey
        ? [header("Idempotency-Key", "1-255 characters: at one venue the same key makes one request")]
        : []),
    ],
    ...(body &&
      { requestBody: { required: true, content: { "application/json": { schema: reference(body) } } } }),
    responses: responses(operation),
  };
}

function build(): Json {
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    (paths[operation.path] ??= {})[operation.method.toLowerCase()] = describe(operation);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Request interface",
      version: "1.0.0",
      description:
        "Song requests for karaoke programs: read the queue, follow it, work through it. A key of the organization " +
        "opens it; the scope that each operation needs is listed with its security.",
    },
    servers: [{ url: mount }],
    paths,
    components: {
      schemas: components(),
      securitySchemes: {
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
        bearer: { type: "http", scheme: "bearer" },
      },
    },
  };
}

/** The OpenAPI 3.1 document of the interface, made from the very operations that the handler serves. */
export const openapi: Json = build();
