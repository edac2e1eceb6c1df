import * as z from "zod";
import { readEnvironment } from "../_shared/env.ts";
import { createLog } from "../_shared/log.ts";
import { venuePages } from "./api.ts";
import { handle } from "./handler.ts";

const settings = readEnvironment({
  SUPABASE_URL: z.url(),
  SUPABASE_ANON_KEY: z.string().min(1),
  LOG_LEVEL: z.enum(["debug", "info", "error"]).default("info"),
}, Deno.env.toObject());

const findPage = venuePages(settings.SUPABASE_URL, settings.SUPABASE_ANON_KEY);
const log = createLog("venues", settings.LOG_LEVEL);

Deno.serve((request) => handle(request, { findPage, log }));
