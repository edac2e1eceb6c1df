import { element, field, follow, line, make, newClient, tell } from "./shared.ts";

const client = newClient("singer");
let venue: { id: string; url_name: string; name: string; accepting_requests: boolean } | undefined;

/** A guest is somebody with a phone and no account. */
async function signIn(): Promise<void> {
  const { data } = await client.auth.getSession();
  if (data.session) return;
  const { error } = await client.auth.signInAnonymously();
  if (error) tell(error);
}

function showState(): void {
  if (!venue) return;
  element("venue-name", HTMLHeadingElement).textContent = venue.name;
  element("venue-state", HTMLParagraphElement).textContent = venue.accepting_requests
    ? "Taking requests"
    : "Not taking requests right now";
}

async function enter(urlName: string): Promise<void> {
  const { data, error } = await client.rpc("find_venue", { p_url_name: urlName });
  tell(error);
  if (!data?.id || !data.url_name || !data.name) return;
  venue = {
    id: data.id,
    url_name: data.url_name,
    name: data.name,
    accepting_requests: data.accepting_requests ?? false,
  };
  const address = new URL(location.href);
  address.searchParams.set("venue", venue.url_name);
  history.replaceState(null, "", address);
  element("find", HTMLElement).hidden = true;
  element("book", HTMLElement).hidden = false;
  showState();
  await follow(client, `venue:${venue.id}:display`, () => void refresh());
  await refresh();
}

async function refresh(): Promise<void> {
  if (!venue) return;
  const [found, mine, room] = await Promise.all([
    client.rpc("find_venue", { p_url_name: venue.url_name }),
    client.rpc("my_requests", { p_venue_id: venue.id }),
    client.rpc("public_queue", { p_venue_id: venue.id }),
  ]);
  if (found.data) venue.accepting_requests = found.data.accepting_requests ?? false;
  showState();
  showMine(mine.data ?? []);
  showRoom(room.data ?? [], room.error?.details ?? "Nobody is waiting.");
}

const words: Record<string, string> = {
  accepted: "The host has it",
  performing: "You are on!",
  completed: "Sung",
  cancelled: "Withdrawn",
  rejected: "Not accepted",
  skipped: "Skipped",
  cleared: "Cleared",
};

type Mine = NonNullable<Awaited<ReturnType<typeof readMine>>["data"]>;
const readMine = () => client.rpc("my_requests");

function showMine(requests: Mine): void {
  const list = element("mine", HTMLUListElement);
  list.replaceChildren(...requests.map((request) => {
    const minutes = Math.ceil((request.wait_seconds ?? 0) / 60);
    const state = request.state === "pending"
      ? `Place ${request.place}, about ${minutes} minutes`
      : [words[request.state] ?? request.state, request.reason].filter(Boolean).join(": ");
    const item = make("li", [line(`${request.title} – ${request.artist}`, state)]);
    if (request.state === "pending") {
      item.append(make("button", ["Withdraw"], () => void withdraw(request.id)));
    }
    return item;
  }));
  if (requests.length === 0) list.append(make("li", ["Nothing yet. Search for a song."]));
}

type Room = NonNullable<Awaited<ReturnType<typeof readRoom>>["data"]>;
const readRoom = (id: string) => client.rpc("public_queue", { p_venue_id: id });

function showRoom(requests: Room, nobody: string): void {
  const list = element("room", HTMLOListElement);
  list.replaceChildren(...requests.map((request) => {
    const item = make("li", [
      line(`${request.place}. ${request.singer_name}`, `${request.title} – ${request.artist}`),
    ]);
    if (request.is_mine) item.className = "mine";
    return item;
  }));
  if (requests.length === 0) list.append(make("li", [nobody]));
}

async function withdraw(id: number): Promise<void> {
  const { error } = await client.rpc("cancel_request", { p_request_id: id });
  tell(error);
  await refresh();
}

let searches = 0;

async function search(query: string): Promise<void> {
  const number = ++searches;
  const list = element("songs", HTMLUListElement);
  const count = element("search-count", HTMLParagraphElement);
  if (!venue || query.trim() === "") {
    list.replaceChildren();
    count.textContent = "";
    return;
  }
  const { data, error } = await client.rpc("search_songs", { p_venue_id: venue.id, p_query: query });
  // An answer that was overtaken by a later one is not shown.
  if (number !== searches) return;
  tell(error);
  const total = data?.[0]?.total_count ?? 0;
  count.textContent = total === 0
    ? "No such song in this book."
    : `${total} ${total === 1 ? "song" : "songs"}`;
  list.replaceChildren(
    ...(data ?? []).map((song) =>
      make("li", [make("button", [line(song.title, song.artist)], () => void ask(song))])
    ),
  );
}

async function ask(song: { song_id: number; artist: string; title: string }): Promise<void> {
  const dialog = element("ask", HTMLDialogElement);
  const form = dialog.querySelector("form");
  if (!form || !venue) return;
  element("ask-song", HTMLHeadingElement).textContent = `${song.title} – ${song.artist}`;
  const name = field(form, "name");
  name.value ||= localStorage.getItem("singer-name") ?? "";
  field(form, "key").value = "0";
  field(form, "notes").value = "";
  // One key for one dialog: a second tap, or a retry on a bad connection, asks once.
  const idempotencyKey = crypto.randomUUID();
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  if (dialog.returnValue !== "send") return;
  localStorage.setItem("singer-name", name.value);
  const notes = field(form, "notes").value;
  const { error } = await client.rpc("submit_request", {
    p_venue_id: venue.id,
    p_song_id: song.song_id,
    p_singer_names: [name.value],
    p_key_change: Number(field(form, "key").value),
    ...(notes && { p_notes: notes }),
    p_idempotency_key: idempotencyKey,
  });
  tell(error);
  await refresh();
}

async function findNearby(): Promise<void> {
  const position = await new Promise<GeolocationPosition | null>((resolve) =>
    navigator.geolocation.getCurrentPosition(resolve, () => resolve(null), { timeout: 10_000 })
  );
  if (!position) {
    tell({ message: "Your position is not available. Enter the code on the poster instead." });
    return;
  }
  const { data, error } = await client.rpc("nearby_venues", {
    p_latitude: position.coords.latitude,
    p_longitude: position.coords.longitude,
  });
  tell(error);
  element("nearby", HTMLUListElement).replaceChildren(...(data ?? []).map((found) =>
    make("li", [
      line(found.name, `${found.city}, ${found.distance_miles} miles`),
      make("button", ["Go"], () => void enter(found.url_name)),
    ])
  ));
}

/** Brings the singer's side of the page to life. */
export async function startSinger(): Promise<void> {
  const key = element("ask", HTMLDialogElement).querySelector("select");
  for (let step = -12; step <= 12; step++) {
    key?.append(
      new Option(step === 0 ? "Original" : `${step > 0 ? "+" : ""}${step}`, String(step), step === 0),
    );
  }
  element("find-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    void enter(field(element("find-form", HTMLFormElement), "url-name").value);
  });
  element("find-nearby", HTMLButtonElement).addEventListener("click", () => void findNearby());
  const form = element("search", HTMLFormElement);
  let timer: ReturnType<typeof setTimeout> | undefined;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => void search(field(form, "query").value), 250);
  });
  await signIn();
  const urlName = new URL(location.href).searchParams.get("venue");
  if (urlName) await enter(urlName);
  if (!venue) element("find", HTMLElement).hidden = false;
}
