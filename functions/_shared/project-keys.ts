import { timingSafeEqual } from "node:crypto";
import * as z from "zod";

/** The settings that hold the project's own secret keys: the old one, and the new ones as JSON by name. */
export const projectKeySettings = {
  SUPABASE_SERVICE_ROLE_KEY: z.string().min(1),
  SUPABASE_SECRET_KEYS: z.string().default("{}")
    .transform((text) => z.record(z.string(), z.string()).parse(JSON.parse(text))),
};

/** Tells whether an Authorization header carries one of the project's secret keys. */
export function projectKeyCheck(settings: {
  SUPABASE_SERVICE_ROLE_KEY: string;
  SUPABASE_SECRET_KEYS: Record<string, string>;
}): (authorization: string | null) => boolean {
  const keys = [settings.SUPABASE_SERVICE_ROLE_KEY, ...Object.values(settings.SUPABASE_SECRET_KEYS)]
    .map((key) => new TextEncoder().encode(key));
  return (authorization) => {
    const given = new TextEncoder().encode(/^Bearer\s+(\S+)$/i.exec(authorization ?? "")?.[1] ?? "");
    return keys.some((key) => key.byteLength === given.byteLength && timingSafeEqual(key, given));
  };
}
