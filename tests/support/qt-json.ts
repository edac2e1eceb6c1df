/**
 * JSON as the desktop program's library writes and reads it (Qt 5, QJsonDocument): what a server may get away with
 * in a browser is lost there, so tests look through these eyes.
 */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Writes a document as `QJsonDocument::toJson()` does: sorted keys, four blanks, no escaped slash, a last newline. */
export function writeQtJson(document: Json): string {
  return `${writeValue(document, "")}\n`;
}

function writeValue(value: Json, indent: string): string {
  if (typeof value === "string") return writeString(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const inner = `${indent}    `;
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  const items = Array.isArray(value)
    ? value.map((item) => `${inner}${writeValue(item, inner)}`)
    : Object.keys(value).sort().map((key) =>
      `${inner}${writeString(key)}: ${writeValue(value[key] ?? null, inner)}`
    );
  return items.length === 0
    ? `${open}\n${indent}${close}`
    : `${open}\n${items.join(",\n")}\n${indent}${close}`;
}

/** Qt escapes exactly what JSON must have escaped, and ends a text with half a surrogate pair in it by `?`. */
function writeString(text: string): string {
  return JSON.stringify(text.isWellFormed() ? text : text.toWellFormed().replaceAll("\uFFFD", "?"));
}

/** Reads a reply as `QJsonDocument::fromJson()` does; anything but one object or array in valid UTF-8 is nothing. */
export function readQtJson(bytes: Uint8Array): QtValue {
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Json;
    return new QtValue(typeof value === "object" && value !== null ? value : undefined);
  } catch {
    return new QtValue(undefined);
  }
}

/** A value with Qt's conversions: the right type or a default, never a guess. */
export class QtValue {
  readonly json: Json | undefined;

  constructor(json: Json | undefined) {
    this.json = json;
  }

  get(key: string): QtValue {
    const json = this.json;
    const isObject = typeof json === "object" && json !== null && !Array.isArray(json);
    return new QtValue(isObject && Object.hasOwn(json, key) ? json[key] : undefined);
  }

  toArray(): QtValue[] {
    return Array.isArray(this.json) ? this.json.map((item) => new QtValue(item)) : [];
  }

  toText(): string {
    return typeof this.json === "string" ? this.json : "";
  }

  /** True only for `true`: 1, "1" and "true" are false. */
  toBool(): boolean {
    return this.json === true;
  }

  /** Only a whole number within 32 bits counts; a text, a fraction or epoch milliseconds read as 0. */
  toInt(): number {
    const isInt = typeof this.json === "number" && Number.isInteger(this.json) &&
      this.json === (this.json | 0);
    return isInt ? this.json as number : 0;
  }
}
