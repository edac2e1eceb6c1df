import * as z from "zod";

/** Where the interface stands for the outside. */
export const mount = "/functions/v1/requests";

/** Schemas with a name, by which the OpenAPI document refers to them. */
export const named = z.registry<{ id: string }>();

const id = z.int().positive();
const time = z.iso.datetime({ offset: true });
const count = z.int().nonnegative();
const keyChange = z.int().min(-12).max(12).meta({ description: "Semitones above or below the original key" });

const states = [
  "pending",
  "accepted",
  "performing",
  "completed",
  "cancelled",
  "rejected",
  "skipped",
  "cleared",
] as const;

const venue = z.object({
  id: z.guid(),
  openkj_venue_id: z.int().positive().meta({ description: "What OpenKJ calls the venue" }),
  url_name: z.string(),
  name: z.string(),
  address: z.string(),
  city: z.string(),
  state: z.string(),
  postal_code: z.string(),
  country: z.string(),
  accepting: z.boolean().meta({ description: "Whether singers may ask for songs now" }),
  active_requests: count.meta({ description: "Requests that wait or are being sung" }),
}).register(named, { id: "Venue" });

const songRequest = z.object({
  id,
  venue_id: z.guid(),
  state: z.enum(states),
  processed: z.boolean().meta({
    description: "Whether it is completed: sung, or taken over by a show program",
  }),
  singers: z.array(z.string()).min(1).max(4),
  singer: z.string().meta({ description: "The singers' names as one text" }),
  song_id: id.nullable().meta({ description: "null for a song that is not in the book" }),
  artist: z.string(),
  title: z.string(),
  key_change: keyChange,
  notes: z.string().nullable(),
  reason: z.string().nullable().meta({ description: "Why the host skipped or rejected it" }),
  place: z.int().positive().nullable().meta({
    description: "Place in the venue's own order, from 1; null once it no longer waits",
  }),
  wait_seconds: count.nullable().meta({ description: "Estimate of the wait" }),
  requested_at: time,
  processed_at: time.nullable(),
  updated_at: time,
}).meta({ description: "A song that somebody asked for" }).register(named, { id: "Request" });

const requestPage = z.object({
  requests: z.array(songRequest),
  accepting: z.boolean(),
  cursor: z.string().meta({ description: "Send it as `since` to get what has changed from here on" }),
  has_more: z.boolean().meta({ description: "There is more than `limit`: go on with `after` or `since`" }),
}).register(named, { id: "RequestPage" });

const venueList = z.object({ venues: z.array(venue) }).register(named, { id: "VenueList" });

const statistics = z.object({
  venue_id: z.guid(),
  total_requests: count,
  active_requests: count,
  processed_today: count.meta({ description: "Since midnight in the organization's time zone" }),
}).register(named, { id: "Statistics" });

const processedCount = z.object({
  processed: count.meta({ description: "How many were not processed before" }),
}).register(named, { id: "ProcessedCount" });

const newRequest = z.strictObject({
  singers: z.array(z.string().trim().min(1).max(100)).min(1).max(4)
    .meta({ description: "One name for a solo, two for a duet, up to four for a group" }),
  song_id: id.optional().meta({ description: "A song of the venue's book" }),
  artist: z.string().trim().min(1).max(255).optional(),
  title: z.string().trim().min(1).max(255).optional(),
  key_change: keyChange.default(0),
  notes: z.string().max(500).optional(),
}).refine(({ song_id, artist, title }) => song_id !== undefined || (artist && title), {
  error: "Send song_id, or both artist and title",
}).meta({ anyOf: [{ required: ["song_id"] }, { required: ["artist", "title"] }] })
  .register(named, { id: "NewRequest" });

const accepting = z.strictObject({ accepting: z.boolean() }).register(named, { id: "Accepting" });

const requestIds = z.strictObject({ request_ids: z.array(id).min(1).max(100) })
  .register(named, { id: "RequestIds" });

/** The error replies, as `problemResponse` writes them. */
export const problem = z.object({
  type: z.string().regex(/^urn:problem:/).meta({
    description: "`urn:problem:` and a stable code for programs",
  }),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string().optional(),
  instance: z.string(),
  retry_after: z.int().positive().optional().meta({ description: "Seconds to wait" }),
  errors: z.array(z.object({
    in: z.enum(["path", "query", "header", "body"]),
    path: z.string(),
    message: z.string(),
    code: z.string(),
  })).optional().meta({ description: "Everything that is wrong with the input" }),
}).meta({ description: "RFC 9457" }).register(named, { id: "Problem" });

const ofVenue = z.strictObject({ venue_id: z.guid() });
const ofRequest = z.strictObject({
  request_id: z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER),
});

const listQuery = z.strictObject({
  state: z.enum(["active", "all", ...states]).optional().meta({
    description: "`active` (pending, accepted, performing) unless `since` is given, then `all`",
  }),
  since: z.string().regex(/^\d{1,10}\.\d{1,18}$/, "Send a cursor as it was received").optional().meta({
    description: "A cursor: only what has changed after it, in the order of the changes",
  }),
  after: z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER).optional().meta({
    description: "The next page: what follows the request with this id",
  }),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  singer: z.string().min(1).max(100).optional().meta({ description: "Words in the singers' names" }),
  song: z.string().min(1).max(100).optional().meta({ description: "Words in artist and title" }),
  wait: z.coerce.number().min(0).max(25).default(0).meta({
    description: "Seconds to wait for a change after `since`, or away from the ETag in If-None-Match",
  }),
});

/** One operation of the interface: how it is called, what it needs, what it answers. Its `id` is the database's name for it. */
export interface Operation {
  id: string;
  method: "GET" | "POST" | "PUT";
  path: string;
  summary: string;
  description?: string;
  scope: string;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType<Record<string, unknown>>;
  success: { status: 200 | 201; description: string; schema: z.ZodType }[];
  /** The refusals that only some operations know, besides those of all. */
  refusals: (404 | 409 | 410 | 422)[];
  /** It can wait for changes and answer as a stream of events. */
  waits?: boolean;
  /** A client may name the call with Idempotency-Key, so that sending it twice does it once. */
  takesIdempotencyKey?: boolean;
}

export const operations: Operation[] = [
  {
    id: "list_venues",
    method: "GET",
    path: "/venues",
    summary: "The venues this key may work with, by name",
    scope: "venues:read",
    success: [{ status: 200, description: "The venues", schema: venueList }],
    refusals: [],
  },
  {
    id: "get_venue",
    method: "GET",
    path: "/venues/{venue_id}",
    summary: "One venue",
    scope: "venues:read",
    params: ofVenue,
    success: [{ status: 200, description: "The venue", schema: venue }],
    refusals: [404],
  },
  {
    id: "get_venue_statistics",
    method: "GET",
    path: "/venues/{venue_id}/stats",
    summary: "How many requests a venue has had, has waiting, and has had sung today",
    scope: "requests:read",
    params: ofVenue,
    success: [{ status: 200, description: "The counts", schema: statistics }],
    refusals: [404],
  },
  {
    id: "set_accepting",
    method: "PUT",
    path: "/venues/{venue_id}/accepting",
    summary: "Open or close a venue for requests",
    description: "What waits in the queue stays.",
    scope: "requests:write",
    params: ofVenue,
    body: accepting,
    success: [{ status: 200, description: "The venue as it is now", schema: venue }],
    refusals: [404],
  },
  {
    id: "list_requests",
    method: "GET",
    path: "/venues/{venue_id}/requests",
    summary: "The queue, its history, or what has changed in it",
    description:
      "What waits comes in the order of asking, history newest first. Follow the queue in one of three ways: " +
      "repeat the call with If-None-Match; send the cursor as `since`, with `wait` to be answered at the next change; or " +
      "accept text/event-stream. A stream starts with the event `queue` (everything active, as a RequestPage), then sends " +
      "`request` for each request that came or changed (as a Request) and `accepting` when the venue opens or closes. After " +
      "a break Last-Event-ID, or `since`, goes on where it ended; an event may then come twice. `problem` ends a stream.",
    scope: "requests:read",
    params: ofVenue,
    query: listQuery,
    success: [{ status: 200, description: "Requests", schema: requestPage }],
    refusals: [404, 410],
    waits: true,
  },
  {
    id: "create_request",
    method: "POST",
    path: "/venues/{venue_id}/requests",
    summary: "Enter a request",
    description:
      "A program's requests are not held to the venue's rules for singers; a closed venue takes none.",
    scope: "requests:write",
    params: ofVenue,
    body: newRequest,
    success: [
      { status: 201, description: "The new request", schema: songRequest },
      {
        status: 200,
        description: "The request that this Idempotency-Key has already made",
        schema: songRequest,
      },
    ],
    refusals: [404, 409, 422],
    takesIdempotencyKey: true,
  },
  {
    id: "get_request",
    method: "GET",
    path: "/requests/{request_id}",
    summary: "One request",
    scope: "requests:read",
    params: ofRequest,
    success: [{ status: 200, description: "The request", schema: songRequest }],
    refusals: [404],
  },
  {
    id: "process_request",
    method: "POST",
    path: "/requests/{request_id}/process",
    summary: "Mark a request as sung",
    description: "Again is harmless.",
    scope: "requests:write",
    params: ofRequest,
    success: [{ status: 200, description: "The request as it is now", schema: songRequest }],
    refusals: [404, 409],
  },
  {
    id: "unprocess_request",
    method: "POST",
    path: "/requests/{request_id}/unprocess",
    summary: "Put a request back into the queue",
    description: "Again is harmless.",
    scope: "requests:write",
    params: ofRequest,
    success: [{ status: 200, description: "The request as it is now", schema: songRequest }],
    refusals: [404, 409],
  },
  {
    id: "cancel_request",
    method: "POST",
    path: "/requests/{request_id}/cancel",
    summary: "Withdraw a request that is not being sung yet",
    description: "It leaves the queue and stays in the history. Again is harmless.",
    scope: "requests:write",
    params: ofRequest,
    success: [{ status: 200, description: "The request as it is now", schema: songRequest }],
    refusals: [404, 409],
  },
  {
    id: "process_requests",
    method: "POST",
    path: "/requests/process",
    summary: "Mark up to 100 requests as sung, all or none",
    description: "An id that is given twice counts once. Unknown ids are named in the refusal.",
    scope: "requests:write",
    body: requestIds,
    success: [{ status: 200, description: "How many changed", schema: processedCount }],
    refusals: [404, 409],
  },
];
