import { askFor } from "./ask.ts";
import {
  element,
  field,
  fieldsOf,
  fill,
  follow,
  line,
  make,
  newCalls,
  newClient,
  persistent,
  type Refusal,
  tell,
} from "./shared.ts";

const client = newClient("host");
let venueId = "";
let stopFollowing = (): void => {};
let isOpen = false;
let lastChanged = 0;

async function signIn(): Promise<void> {
  const form = element("sign-in", HTMLFormElement);
  const codeField = element("code-field", HTMLLabelElement);
  if (codeField.hidden) {
    const { error } = await client.auth.signInWithPassword({
      email: field(form, "email").value,
      password: field(form, "password").value,
    });
    tell(error);
    if (error) return;
  }
  const { data: level } = await client.auth.mfa.getAuthenticatorAssuranceLevel();
  if (level?.nextLevel === "aal2" && level.currentLevel !== "aal2") {
    const { data: factors } = await client.auth.mfa.listFactors();
    const factor = factors?.totp[0];
    const code = field(form, "code").value;
    if (codeField.hidden || code === "" || !factor) {
      codeField.hidden = false;
      return;
    }
    const { error } = await client.auth.mfa.challengeAndVerify({ factorId: factor.id, code });
    tell(error);
    if (error) return;
  }
  codeField.hidden = true;
  form.reset();
  await openDesk();
}

async function openDesk(): Promise<void> {
  const { data, error } = await client.from("venues").select("id, name").is("archived_at", null).order(
    "name",
  );
  tell(error);
  const select = element("desk-venue", HTMLSelectElement);
  select.replaceChildren(...(data ?? []).map(({ id, name }) => new Option(name, id)));
  element("sign-in", HTMLFormElement).hidden = true;
  element("desk", HTMLElement).hidden = false;
  await chooseVenue();
}

async function chooseVenue(): Promise<void> {
  stopFollowing();
  element("undo", HTMLButtonElement).hidden = true;
  venueId = element("desk-venue", HTMLSelectElement).value;
  if (venueId) stopFollowing = await follow(client, `venue:${venueId}:queue`, () => void refresh());
  await refresh();
}

const beginRefresh = newCalls();
let unsettled = 0;

const refresh = persistent(async () => {
  if (!venueId) return null;
  const isLatest = beginRefresh();
  const [venue, rules, door, places, requests] = await Promise.all([
    client.from("venues").select("accepting_requests").eq("id", venueId).single(),
    client.from("venue_rules").select("queue_order").eq("venue_id", venueId).single(),
    client.rpc("venue_today", { p_venue_id: venueId }),
    client.rpc("public_queue", { p_venue_id: venueId }),
    client.from("requests").select("id, singer_name, artist, title, key_change, notes, state, requested_at")
      .eq("venue_id", venueId).in("state", ["pending", "accepted", "performing"]),
  ]);
  // What was read while a call of the host was under way may be from before it.
  if (!isLatest() || unsettled > 0) return null;
  const error = venue.error ?? rules.error ?? door.error ?? places.error ?? requests.error;
  if (error || !venue.data || !rules.data || !places.data || !requests.data) return error;
  isOpen = Boolean(fieldsOf(door.data)["show_opened_at"]);
  element("show", HTMLButtonElement).textContent = isOpen ? "Close the night" : "Open the night";
  element("accepting", HTMLInputElement).checked = venue.data.accepting_requests;
  const order = rules.data.queue_order;
  element("queue-order", HTMLSelectElement).value = order;
  const place = new Map(places.data.map(({ request_id, place }) => [request_id, place]));
  const waiting = requests.data.toSorted((a, b) => (place.get(a.id) ?? a.id) - (place.get(b.id) ?? b.id));
  const items = waiting.map((request, index) => {
    const key = request.key_change === 0
      ? ""
      : ` (key ${request.key_change > 0 ? "+" : ""}${request.key_change})`;
    const details = [`${request.title} – ${request.artist}${key}`, request.notes, request.state].filter(
      Boolean,
    );
    const item = make("li", [line(request.singer_name, details.join(" · "))]);
    item.dataset["request"] = String(request.id);
    const button = (text: string, state: string) =>
      item.append(make("button", [text], () => void setState(item, request, state)));
    if (request.state === "pending") button("Take", "accepted");
    if (request.state === "accepted") button("On stage", "performing");
    if (request.state !== "pending") button("Sung", "completed");
    button("Skip", "skipped");
    if (request.state !== "performing") button("Reject", "rejected");
    item.append(make("button", ["Message"], () => void sendMessage(request.id)));
    const above = waiting[index - 1];
    if (order === "manual" && above) {
      item.append(make("button", ["Up"], () => void moveBefore(request.id, above.id)));
    }
    return item;
  });
  if (items.length === 0) items.push(make("li", ["Nobody is waiting."]));
  fill(element("desk-queue", HTMLOListElement), items);
  return null;
});

/** Waits for a call of the host and shows what came of it; false where it was refused. */
async function settle(call: PromiseLike<{ error: Refusal | null }>): Promise<boolean> {
  unsettled++;
  const { error } = await call;
  unsettled--;
  tell(error);
  await refresh();
  return error === null;
}

async function setState(
  item: HTMLLIElement,
  request: { id: number; singer_name: string | null },
  state: string,
): Promise<void> {
  const reason = ["skipped", "rejected"].includes(state)
    ? prompt("Reason for the singer (may stay empty)")
    : undefined;
  if (reason === null) return;
  // The next state has other buttons in these places: none takes a tap until they are shown.
  for (const button of item.querySelectorAll("button")) button.disabled = true;
  const isDone = await settle(
    client.rpc("set_request_state", {
      p_request_id: request.id,
      p_state: state,
      ...(reason && { p_reason: reason }),
    }),
  );
  if (!isDone) return;
  lastChanged = request.id;
  const undo = element("undo", HTMLButtonElement);
  undo.textContent = `Undo: ${request.singer_name} ${state}`;
  undo.hidden = false;
}

async function sendMessage(id: number): Promise<void> {
  const text = prompt("Message to the singer");
  if (text) await settle(client.rpc("message_singer", { p_request_id: id, p_text: text }));
}

async function moveBefore(id: number, before: number): Promise<void> {
  await settle(client.rpc("move_request", { p_request_id: id, p_before_request_id: before }));
}

async function addWalkUp(): Promise<void> {
  const answer = await askFor("A singer without a phone", null);
  if (answer) await settle(client.rpc("add_walk_up", { p_venue_id: venueId, ...answer }));
}

/** Brings the host's side of the page to life. */
export async function startHost(): Promise<void> {
  element("sign-in", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    void signIn();
  });
  element("desk-venue", HTMLSelectElement).addEventListener("change", () => void chooseVenue());
  const accepting = element("accepting", HTMLInputElement);
  accepting.addEventListener(
    "change",
    () => void settle(client.rpc("set_accepting", { p_venue_id: venueId, p_accepting: accepting.checked })),
  );
  const order = element("queue-order", HTMLSelectElement);
  order.addEventListener(
    "change",
    () =>
      void settle(client.from("venue_rules").update({ queue_order: order.value }).eq("venue_id", venueId)),
  );
  element("walk-up", HTMLButtonElement).addEventListener("click", () => void addWalkUp());
  element("show", HTMLButtonElement).addEventListener(
    "click",
    () => void settle(client.rpc(isOpen ? "close_show" : "open_show", { p_venue_id: venueId })),
  );
  const undo = element("undo", HTMLButtonElement);
  undo.addEventListener("click", () => {
    undo.hidden = true;
    void settle(client.rpc("undo_request", { p_request_id: lastChanged }));
  });
  element("sign-out", HTMLButtonElement).addEventListener("click", async () => {
    stopFollowing();
    await client.auth.signOut({ scope: "local" });
    element("desk", HTMLElement).hidden = true;
    element("sign-in", HTMLFormElement).hidden = false;
  });
  const { data } = await client.auth.getSession();
  if (data.session) await openDesk();
}
