import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { expect } from "vitest";

interface Reply {
  content?: Record<string, unknown>;
}

interface Described {
  paths: Record<
    string,
    Record<
      string,
      { operationId: string; security: Record<string, string[]>[]; responses: Record<string, Reply> }
    >
  >;
}

const pointer = (part: string) => part.replaceAll("~", "~0").replaceAll("/", "~1");

/** The same document, in which an object may have no field that is not described. */
function closed(document: unknown): unknown {
  return JSON.parse(JSON.stringify(document), (_, value: unknown) => {
    const isObject = typeof value === "object" && value !== null && "type" in value &&
      value.type === "object";
    return isObject ? { additionalProperties: false, ...value } : value;
  });
}

/** An OpenAPI 3.1 document, against which replies are checked. */
export class OpenApi {
  readonly document: Described;
  readonly #source: Record<string, unknown>;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });

  constructor(document: Record<string, unknown>) {
    this.document = document as unknown as Described;
    this.#source = document;
    formats.default(this.#ajv);
    this.#ajv.addSchema(closed(document) as object, "openapi");
  }

  /** Fails when the document itself is not OpenAPI. */
  async check(): Promise<void> {
    const result = await new Validator().validate(this.#source);
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
  }

  /** Fails when a reply is not what the document promises for the operation; unknown paths are nobody's operation. */
  checkReply(method: string, path: string, reply: Response, text: string): void {
    const template = this.#templateOf(method, path);
    if (template === undefined) return;
    const verb = method === "HEAD" ? "get" : method.toLowerCase();
    const promised = this.document.paths[template]?.[verb]?.responses[reply.status];
    expect(promised, `${method} ${template} promises nothing about status ${reply.status}: ${text}`)
      .toBeDefined();
    if (text === "") return;
    const type = (reply.headers.get("content-type") ?? "").split(";", 1)[0] ?? "";
    expect(Object.keys(promised?.content ?? {}), `${method} ${template} ${reply.status}`).toContain(type);
    if (type === "text/event-stream") return;
    const place = ["paths", template, verb, "responses", String(reply.status), "content", type, "schema"];
    const validate = this.#ajv.compile({
      $ref: `openapi#/${place.map(pointer).map(encodeURIComponent).join("/")}`,
    });
    const isValid = validate(JSON.parse(text));
    expect(validate.errors ?? [], `${method} ${template} ${reply.status}: ${text}`).toEqual([]);
    expect(isValid).toBe(true);
  }

  #templateOf(method: string, path: string): string | undefined {
    const verb = method === "HEAD" ? "get" : method.toLowerCase();
    const segments = (path.split("?", 1)[0] ?? "").split("/");
    const matches = (template: string) => {
      const parts = template.split("/");
      return parts.length === segments.length &&
        parts.every((part, index) => part.startsWith("{") || part === segments[index]);
    };
    return Object.keys(this.document.paths).find((template) =>
      matches(template) && this.document.paths[template]?.[verb] !== undefined
    );
  }
}
