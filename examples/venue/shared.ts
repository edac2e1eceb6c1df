import type * as Supabase from "@supabase/supabase-js";
import type { Database, Json } from "../../types/database.ts";

declare const supabase: typeof Supabase;

export type Client = Supabase.SupabaseClient<Database>;

interface Settings {
  url: string;
  key: string;
}

const settings = await (await fetch("settings.json")).json() as Settings;

/** An app of its own within the page: guest and host are signed in side by side. */
export function newClient(storageKey: string): Client {
  return supabase.createClient<Database>(settings.url, settings.key, { auth: { storageKey } });
}

/** The element with an id, of the kind the page says it is. */
export function element<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no ${kind.name} "${id}"`);
  return found;
}

/** The input or select of a form by its name. */
export function field(form: HTMLFormElement, name: string): HTMLInputElement | HTMLSelectElement {
  const found = form.elements.namedItem(name);
  if (!(found instanceof HTMLInputElement || found instanceof HTMLSelectElement)) {
    throw new Error(`No field ${name}`);
  }
  return found;
}

/** Makes an element; text is never read as HTML. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  content: (Node | string)[] = [],
  onClick?: () => void,
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  made.append(...content);
  if (onClick) made.addEventListener("click", onClick);
  return made;
}

/** A song and who sings it, as a line of a list. */
export function line(title: string, details: string): HTMLSpanElement {
  return make("span", [title, make("small", [details])]);
}

/** Fills a list. An item that looks as before stays where it is, so that a tap under way still meets what was aimed at. */
export function fill(list: HTMLElement, items: HTMLLIElement[]): void {
  for (const [index, item] of items.entries()) {
    const before = list.children[index];
    if (!before) list.append(item);
    else if (!before.isEqualNode(item)) before.replaceWith(item);
  }
  while (list.children.length > items.length) list.lastElementChild?.remove();
}

/** A hint in words; where it says how many seconds to wait, the time of the person's own clock. */
function inWords(hint: string | null | undefined): string {
  const seconds = /retry_after=(\d+)/.exec(hint ?? "")?.[1];
  if (!seconds) return hint ?? "";
  const time = new Date(Date.now() + Number(seconds) * 1000);
  return `Ask again at ${time.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" })}.`;
}

export interface Refusal {
  message: string;
  details?: string | null;
  hint?: string | null;
}

/** Tells the person what went wrong and how to go on; without an error, takes the message away. */
export function tell(error: Refusal | null): void {
  const message = element("message", HTMLParagraphElement);
  message.hidden = error === null;
  if (error) {
    message.textContent = [error.details || error.message, inWords(error.hint)].filter(Boolean).join(" ");
  }
}

/** The fields of an object that came as JSON. */
export function fieldsOf(value: Json | null): Record<string, Json | undefined> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

/** Marks the beginning of a call; what it gives tells whether no later call has begun since, so that no old answer is shown. */
export function newCalls(): () => () => boolean {
  let last = 0;
  return () => {
    const number = ++last;
    return () => number === last;
  };
}

/**
 * Makes a reading persistent: while it cannot be had, what is shown stays, the person is told, and it is tried again every
 * three seconds. `read` resolves with what kept it, or null.
 */
export function persistent(read: () => Promise<Refusal | null>): () => Promise<void> {
  let retry: ReturnType<typeof setTimeout> | undefined;
  let isFailing = false;
  return async function again() {
    clearTimeout(retry);
    const error = await read();
    if (error || isFailing) tell(error);
    isFailing = error !== null;
    if (error) retry = setTimeout(() => void again(), 3_000);
  };
}

/**
 * Listens to a private topic: `onEvent` reads again what is shown whenever something is heard, and when listening begins. It
 * reads once more a second later, because an event may come a moment before its change can be read (replication sends a
 * commit before other sessions see it), and every half a minute, because Realtime does not promise to deliver.
 */
export async function follow(client: Client, topic: string, onEvent: () => void): Promise<() => void> {
  await client.realtime.setAuth();
  let later: ReturnType<typeof setTimeout> | undefined;
  const hear = () => {
    onEvent();
    clearTimeout(later);
    later = setTimeout(onEvent, 1_000);
  };
  const channel = client.channel(topic, { config: { private: true } })
    .on("broadcast", { event: "*" }, hear)
    .subscribe((status) => {
      if (status === "SUBSCRIBED") hear();
    });
  const regularly = setInterval(onEvent, 30_000);
  return () => {
    clearTimeout(later);
    clearInterval(regularly);
    void client.removeChannel(channel);
  };
}
