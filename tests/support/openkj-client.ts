import * as http from "node:http";
import * as https from "node:https";
import { gunzipSync, inflateSync } from "node:zlib";
import { type Json, QtValue, readQtJson, writeQtJson } from "./qt-json.ts";

export interface Song {
  artist: string;
  title: string;
}

export interface OpenkjVenue {
  venueId: number;
  name: string;
  urlName: string;
  accepting: boolean;
}

/** A row of the program's request table. */
export interface OpenkjRequest {
  requestId: number;
  singer: string;
  artist: string;
  title: string;
  keyChange: number;
  /** Seconds since 1970. */
  requestTime: number;
}

export interface OpenkjClientOptions {
  url: string;
  apiKey: string;
  /** The stored venue; 0 as long as the host has chosen none. */
  venueId?: number;
  systemId?: number;
  /** The small program for hosts of other karaoke software speaks the same protocol a little differently. */
  program?: "OpenKJ" | "SongbookAgent";
  /** Milliseconds since 1970; tests turn it to see what happens after minutes without an answer. */
  clock?: () => number;
  /** Called after every reply that changed what the host sees. */
  onChange?: () => void;
}

/** One exchange on the wire. */
export interface Exchange {
  command: string;
  status: number;
  /** The reply as Qt reads it; empty when it is not JSON. */
  reply: QtValue;
  text: string;
  /** The client's own error text; empty for a reply it would look into. */
  networkError: string;
}

export interface UploadReport {
  /** Songs in each `addSongs`, in the order sent. */
  batches: number[];
  bytes: number;
  /** Songs that the program drops without a word: one after every full batch. */
  lost: Song[];
  replies: Exchange[];
}

const songsPerBatch = 1000;

/** What differs between the two programs. */
const programs = {
  OpenKJ: { pollSeconds: 30, alertSeconds: 600 },
  SongbookAgent: { pollSeconds: 10, alertSeconds: 300 },
};

/**
 * The desktop program as a server meets it: the same bytes, the same strict reading of replies, the same state
 * machine and the same faults. Its fields are what a host sees on the screen; its methods are what a host does.
 * Each method resolves when every reply it led to has been dealt with.
 */
export class OpenkjClient {
  /** The venue list of the request window. */
  venues: OpenkjVenue[] = [];
  /** The chosen venue, as stored in the settings. */
  venueId: number;
  /** The box "accepting requests". */
  acceptingBox = false;
  /** The request table, in the server's order. */
  requests: OpenkjRequest[] = [];
  /** How far the box for the system id goes. */
  largestSystemId = 0;
  /** Lines of the program's log. */
  readonly log: string[] = [];
  /** Message boxes that popped up. */
  readonly messages: string[] = [];
  /** Ids of the request log file: each request once. */
  readonly loggedRequests: number[] = [];
  /** Each command sent, in order. */
  readonly sent: string[] = [];
  /** The state of the last good getSerial; 0 before the first. */
  serial = 0;
  /** True after an hour without a key or the mouse: the program stops polling. */
  idle = false;
  systemId: number;
  apiKey: string;

  readonly #options: OpenkjClientOptions;
  readonly #clock: () => number;
  readonly #agent: http.Agent;
  readonly #outstanding = new Set<Promise<void>>();
  readonly #timers: NodeJS.Timeout[] = [];
  #lastSync: number;
  #pollsSinceWarning = 0;

  constructor(options: OpenkjClientOptions) {
    this.#options = options;
    this.venueId = options.venueId ?? 0;
    this.systemId = options.systemId ?? 1;
    this.apiKey = options.apiKey;
    this.#clock = options.clock ?? Date.now;
    this.#lastSync = this.#clock();
    this.#agent = newAgent(options.url);
  }

  get #isAgent(): boolean {
    return this.#options.program === "SongbookAgent";
  }

  /** Starts the program; with timers it polls by itself until `stop`. */
  async start(timers: { pollSeconds: number; alertSeconds: number } | "manual" = "manual"): Promise<void> {
    this.#send("getEntitledSystemCount");
    this.#send("getVenues");
    this.#askForAlert();
    if (this.#isAgent) this.#send("sacCurVersion");
    if (timers !== "manual") {
      this.#timers.push(setInterval(() => void this.poll(), timers.pollSeconds * 1000));
      this.#timers.push(setInterval(() => this.#askForAlert(), timers.alertSeconds * 1000));
    }
    await this.settled();
  }

  /** The intervals the program has when its settings were never touched. */
  get defaultTimers(): { pollSeconds: number; alertSeconds: number } {
    return programs[this.#options.program ?? "OpenKJ"];
  }

  /** Ends the program and closes its connections. */
  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.length = 0;
    this.#agent.destroy();
  }

  /** Waits until no reply is outstanding. */
  async settled(): Promise<void> {
    while (this.#outstanding.size > 0) await Promise.all(this.#outstanding);
  }

  /** What the poll timer does. */
  async poll(): Promise<void> {
    if (this.idle) return;
    this.#send("getSerial");
    const silence = this.#clock() - this.#lastSync;
    if (silence > 200_000) this.#refresh();
    if (silence > 300_000 && this.#pollsSinceWarning++ % 3 === 0) {
      this.messages.push("Possible Connectivity Issue");
    }
    await this.settled();
  }

  /** What the alert timer does. */
  async checkForAlert(): Promise<void> {
    this.#askForAlert();
    await this.settled();
  }

  /** The button "Refresh". */
  async refresh(): Promise<void> {
    this.#refresh();
    await this.settled();
  }

  /** A choice in the venue list. */
  async selectVenue(venueId: number): Promise<void> {
    this.venueId = venueId;
    this.acceptingBox = this.#selectedVenue?.accepting ?? false;
    this.#send("getRequests", { venue_id: venueId });
    await this.settled();
  }

  /** A click on the box "accepting requests". */
  async setAccepting(accepting: boolean): Promise<void> {
    this.acceptingBox = accepting;
    this.#askForAlert();
    this.#send("setAccepting", { accepting, system_id: this.systemId, venue_id: this.venueId });
    await this.settled();
  }

  /** A click on a request's X, or "Add song" with "remove on add". */
  async removeRequest(requestId: number): Promise<void> {
    this.#send("deleteRequest", { request_id: requestId, venue_id: this.venueId });
    await this.settled();
  }

  /** The button "Clear". */
  async clearRequests(): Promise<void> {
    this.#send("clearRequests", { venue_id: this.venueId });
    await this.settled();
  }

  /** The button "Test" of the settings: what its message box complains about; nothing when the test passes. */
  async test(): Promise<string> {
    if (!this.#isAgent) {
      this.#send("getEntitledSystemCount");
      this.#send("getVenues");
      this.#askForAlert();
    }
    const { reply, networkError } = await this.exchange("getSerial");
    await this.settled();
    if (networkError) return networkError;
    const problem = reply.get("errorString").toText();
    if (problem) return problem;
    if (this.#isAgent && reply.get("error").toBool()) return "Unknown error";
    const works = reply.get("command").toText() === "getSerial" && reply.get("serial").toInt() !== 0;
    return works ? "" : "Unknown error";
  }

  /** What a fork of the program sends whenever its rotation changes. */
  async pushRotation(singers: Json[]): Promise<void> {
    this.#send("updateRotation", { singers, system_id: this.systemId, venue_id: this.venueId });
    await this.settled();
  }

  /**
   * "Update remote DB": replies are not looked at, nothing is repeated, and at the end the program says that it
   * worked. Cancelling just stops.
   */
  async updateRemoteDatabase(
    songs: readonly Song[],
    options: { onBatch?: (sent: number) => void; cancelAfterBatches?: number } = {},
  ): Promise<UploadReport> {
    const { batches, lost } = this.#isAgent ? agentBatches(songs) : openkjBatches(songs);
    const report: UploadReport = { batches: [], bytes: 0, lost, replies: [] };
    // Each call of an upload has a connection of its own, which stays open until the program is done.
    const agents: http.Agent[] = [];
    const send = async (command: string, fields: Record<string, Json>) => {
      const agent = newAgent(this.#options.url);
      agents.push(agent);
      const exchange = await this.exchange(command, fields, agent);
      report.replies.push(exchange);
      report.bytes += Buffer.byteLength(this.body(command, fields));
    };
    await send("clearDatabase", { system_id: this.systemId });
    let sent = 0;
    for (const [index, batch] of batches.entries()) {
      if (index === options.cancelAfterBatches) break;
      await send("addSongs", {
        songs: batch.map(({ artist, title }) => ({ artist, title })),
        system_id: this.systemId,
      });
      report.batches.push(batch.length);
      sent += batch.length;
      options.onBatch?.(sent);
    }
    for (const agent of agents) agent.destroy();
    if (options.cancelAfterBatches === undefined) this.messages.push("Remote database update completed!");
    await this.settled();
    return report;
  }

  /** The bytes of a call, exactly as the program writes them. */
  body(command: string, fields: Record<string, Json> = {}): string {
    return writeQtJson({ ...fields, api_key: this.apiKey, command });
  }

  /** Sends one call and returns its reply without acting on it. */
  async exchange(
    command: string,
    fields: Record<string, Json> = {},
    agent: http.Agent = this.#agent,
  ): Promise<Exchange> {
    this.sent.push(command);
    const body = this.body(command, fields);
    try {
      const { status, reason, bytes } = await post(this.#options.url, body, agent)
        // Qt sends the same call once more when the connection drops before a byte of the reply.
        .catch((error: unknown) => {
          if (error instanceof ConnectionDropped) return post(this.#options.url, body, agent);
          throw error;
        });
      const text = bytes.toString("utf8");
      if (status === 401) {
        return { command, status, text, reply: nothing, networkError: "Host requires authentication" };
      }
      if (status >= 400) {
        const networkError = `Error transferring ${this.#options.url} - server replied: ${reason}`;
        return { command, status, text, reply: nothing, networkError };
      }
      // A redirect is not followed and its body not read.
      return { command, status, text, reply: status < 300 ? readQtJson(bytes) : nothing, networkError: "" };
    } catch (error) {
      return { command, status: 0, text: "", reply: nothing, networkError: String(error) };
    }
  }

  get #selectedVenue(): OpenkjVenue | undefined {
    return this.venues.find(({ venueId }) => venueId === this.venueId);
  }

  #askForAlert(): void {
    this.#send("getAlert", this.#isAgent ? { app: "standalone" } : {});
  }

  #refresh(): void {
    this.#send("getRequests", { venue_id: this.venueId });
    this.#send("getVenues");
  }

  #send(command: string, fields: Record<string, Json> = {}): void {
    const done = this.exchange(command, fields).then((exchange) => {
      this.#receive(exchange);
      this.#outstanding.delete(done);
    });
    this.#outstanding.add(done);
  }

  #receive({ reply, networkError }: Exchange): void {
    if (networkError) {
      this.log.push(networkError);
      return;
    }
    if (reply.get("error").toBool()) {
      this.log.push(`Got error json reply: ${reply.get("errorString").toText()}`);
      return;
    }
    // The reply's own `command` decides what it is: one without it is lost.
    switch (reply.get("command").toText()) {
      case "getSerial":
        return this.#receiveSerial(reply.get("serial").toInt());
      case "getVenues":
        return this.#receiveVenues(reply);
      case "getRequests":
        return this.#receiveRequests(reply);
      case "getEntitledSystemCount":
        this.largestSystemId = reply.get("count").toInt();
        return;
      case "setAccepting":
      case "deleteRequest":
      case "clearRequests":
        return this.#refresh();
      case "getAlert":
        if (!reply.get("alert").toBool()) return;
        this.messages.push(`${reply.get("title").toText()}: ${reply.get("message").toText()}`);
        this.#send("getVenues");
    }
  }

  #receiveSerial(serial: number): void {
    if (serial === 0) {
      this.log.push("Server didn't return valid serial");
      return;
    }
    this.#synced();
    if (serial === this.serial) return;
    this.serial = serial;
    this.#refresh();
  }

  #receiveVenues(reply: QtValue): void {
    this.#synced();
    const venues = reply.get("venues").toArray().map((venue) => ({
      venueId: venue.get("venue_id").toInt(),
      name: venue.get("name").toText(),
      urlName: venue.get("url_name").toText(),
      accepting: venue.get("accepting").toBool(),
    }));
    if (JSON.stringify(venues) !== JSON.stringify(this.venues)) {
      this.venues = venues;
      // A stored venue that is not in the list is replaced by the first, or by 0, for good.
      if (!this.#selectedVenue) this.venueId = venues[0]?.venueId ?? 0;
      this.acceptingBox = this.#selectedVenue?.accepting ?? false;
      this.#send("getEntitledSystemCount");
      this.#options.onChange?.();
    }
    if (this.#isAgent) this.#send("getRequests", { venue_id: this.venueId });
  }

  #receiveRequests(reply: QtValue): void {
    this.#synced();
    const requests = reply.get("requests").toArray().map((request) => ({
      requestId: request.get("request_id").toInt(),
      singer: request.get("singer").toText(),
      artist: request.get("artist").toText(),
      title: request.get("title").toText(),
      keyChange: request.get("key_change").toInt(),
      requestTime: request.get("request_time").toInt(),
    }));
    if (visible(requests) === visible(this.requests)) return;
    this.requests = requests;
    for (const { requestId } of requests) {
      if (!this.loggedRequests.includes(requestId)) this.loggedRequests.push(requestId);
    }
    this.#options.onChange?.();
  }

  #synced(): void {
    this.#lastSync = this.#clock();
    this.#pollsSinceWarning = 0;
  }
}

const nothing = new QtValue(undefined);

/** What the program compares to notice a change: everything but the key. */
function visible(requests: OpenkjRequest[]): string {
  return JSON.stringify(requests.map((request) => ({ ...request, keyChange: 0 })));
}

const foldAscii = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/**
 * `select distinct … order by artist, title` without regard to ASCII case, in batches that are one row too greedy:
 * the row after each full batch is read and thrown away. Each song is put before the ones already in its batch.
 */
export function openkjBatches(songs: readonly Song[]): { batches: Song[][]; lost: Song[] } {
  const distinct = new Map<string, { artist: Buffer; title: Buffer; song: Song }>();
  for (const song of songs) {
    const [artist, title] = [foldAscii(song.artist), foldAscii(song.title)];
    const key = `${artist}\0${title}`;
    if (!distinct.has(key)) {
      distinct.set(key, { artist: Buffer.from(artist), title: Buffer.from(title), song });
    }
  }
  const rows = [...distinct.values()]
    .sort((a, b) => Buffer.compare(a.artist, b.artist) || Buffer.compare(a.title, b.title))
    .map(({ song }) => song);
  const batches: Song[][] = [];
  const lost: Song[] = [];
  let next = 0;
  let batch: Song[];
  do {
    batch = rows.slice(next, next + songsPerBatch).reverse();
    next += songsPerBatch;
    const dropped = rows[next];
    if (batch.length === songsPerBatch && dropped) {
      lost.push(dropped);
      next++;
    }
    batches.push(batch);
  } while (batch.length === songsPerBatch);
  return { batches, lost };
}

/** A set's order, which is none, and no batch after the last full one. */
function agentBatches(songs: readonly Song[]): { batches: Song[][]; lost: Song[] } {
  const distinct = [...new Map(songs.map((song) => [`${song.artist}\0${song.title}`, song])).values()];
  const rows = distinct.map((song, index) => ({ song, rank: (index * 2654435761) >>> 0 }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ song }) => song);
  const batches: Song[][] = [];
  for (let next = 0; next < rows.length; next += songsPerBatch) {
    batches.push(rows.slice(next, next + songsPerBatch));
  }
  return { batches, lost: [] };
}

/** The connection ended before a byte of the reply. */
class ConnectionDropped extends Error {}

function newAgent(url: string): http.Agent {
  const options = { keepAlive: true, maxSockets: 6 };
  return url.startsWith("https:") ? new https.Agent(options) : new http.Agent(options);
}

function post(
  url: string,
  text: string,
  agent: http.Agent,
): Promise<{ status: number; reason: string; bytes: Buffer }> {
  const target = new URL(url);
  const body = Buffer.from(text);
  const headers = [
    ["Host", target.host],
    ["Content-Type", "application/json"],
    ["Content-Length", String(body.byteLength)],
    ["Connection", "Keep-Alive"],
    ["Accept-Encoding", "gzip, deflate"],
    ["Accept-Language", "en-US,*"],
    ["User-Agent", "Mozilla/5.0"],
  ].flat();
  const { request } = target.protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    const call = request(target, { method: "POST", agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          reason: response.statusMessage ?? "",
          bytes: decompress(Buffer.concat(chunks), response.headers["content-encoding"]),
        }));
    });
    call.on("error", (error) => reject(new ConnectionDropped(error.message, { cause: error })));
    call.end(body);
  });
}

function decompress(bytes: Buffer, encoding: string | undefined): Buffer {
  if (encoding === "gzip") return gunzipSync(bytes);
  if (encoding === "deflate") return inflateSync(bytes);
  return bytes;
}
