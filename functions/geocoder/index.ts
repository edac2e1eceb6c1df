import * as z from "zod";
import { connect, reconnecting } from "../_shared/database.ts";
import { databaseSettings, readEnvironment } from "../_shared/env.ts";
import { createLog } from "../_shared/log.ts";
import { projectKeyCheck, projectKeySettings } from "../_shared/project-keys.ts";
import { type Geocoder, here, nominatim } from "./geocoder.ts";
import { handle, type Task } from "./handler.ts";

const settings = readEnvironment({
  ...databaseSettings,
  ...projectKeySettings,
  GEOCODER_PROVIDER: z.enum(["none", "nominatim", "here"]).default("none"),
  NOMINATIM_URL: z.url().default("https://nominatim.openstreetmap.org"),
  NOMINATIM_USER_AGENT: z.string().min(1).default("karaoke-backend"),
  HERE_URL: z.url().default("https://geocode.search.hereapi.com"),
  HERE_API_KEY: z.string().default(""),
  GEOCODER_TIMEOUT_SECONDS: z.coerce.number().int().min(1).max(60).default(10),
}, Deno.env.toObject());

const timeoutSeconds = settings.GEOCODER_TIMEOUT_SECONDS;
const geocoders: Record<typeof settings.GEOCODER_PROVIDER, Geocoder | undefined> = {
  none: undefined,
  nominatim: nominatim({
    url: settings.NOMINATIM_URL,
    userAgent: settings.NOMINATIM_USER_AGENT,
    timeoutSeconds,
  }),
  here: here({ url: settings.HERE_URL, apiKey: settings.HERE_API_KEY, timeoutSeconds }),
};

const database = connect(settings.SUPABASE_DB_URL, { role: "geocoder", connections: 1 });
const log = createLog("geocoder", settings.LOG_LEVEL);
const isAllowed = projectKeyCheck(settings);

Deno.serve((request) =>
  handle(request, {
    geocoder: geocoders[settings.GEOCODER_PROVIDER],
    isAllowed,
    log,
    claim: (limit) =>
      reconnecting(() => database<Task[]>`select * from private.claim_geocoding_tasks(${limit})`),
    finish: (task, outcome) =>
      reconnecting(async () => {
        const { latitude, longitude } = "position" in outcome
          ? outcome.position
          : { latitude: null, longitude: null };
        const [row] = await database<{ is_current: boolean }[]>`
          select private.finish_geocoding_task(
            ${task.venue_id}, ${task.revision}, ${outcome.outcome}, ${latitude}, ${longitude},
            ${"error" in outcome ? outcome.error : null}
          ) as is_current`;
        return row?.is_current ?? false;
      }),
  })
);
