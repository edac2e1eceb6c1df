import type { Format } from "../song.ts";
import { csv, tsv } from "./csv.ts";
import { json } from "./json.ts";
import { txt } from "./txt.ts";
import { xlsx } from "./xlsx.ts";

export const formats = { csv, tsv, txt, json, xlsx } satisfies Record<string, Format>;

export type FormatName = keyof typeof formats;

export function isFormat(name: string): name is FormatName {
  return Object.hasOwn(formats, name);
}
