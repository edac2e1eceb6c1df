import { element, field } from "./shared.ts";

export interface Song {
  song_id: number;
  artist: string;
  title: string;
}

const voices = ["name", "second", "third", "fourth"];

/** What a venue says beforehand about a request. */
export interface Rules {
  key_change_allowed?: boolean;
  notes_allowed?: boolean;
  last_initial_required?: boolean;
}

/**
 * Asks in the dialog who sings and how, as far as the rules allow it; without a song from the book, also what. Resolves with
 * the arguments that submit_request and add_walk_up have in common, or null when the dialog was left.
 */
export async function askFor(
  heading: string,
  song: Song | null,
  start: { name?: string; title?: string } = {},
  rules: Rules = {},
) {
  const dialog = element("ask", HTMLDialogElement);
  const form = element("ask-form", HTMLFormElement);
  form.reset();
  element("ask-group", HTMLDetailsElement).open = false;
  element("ask-heading", HTMLHeadingElement).textContent = heading;
  const words = element("ask-words", HTMLFieldSetElement);
  words.hidden = words.disabled = song !== null;
  element("ask-key", HTMLLabelElement).hidden = rules.key_change_allowed === false;
  element("ask-note", HTMLLabelElement).hidden = rules.notes_allowed === false;
  for (const name of voices) {
    const voice = field(form, name);
    voice.setAttribute("pattern", rules.last_initial_required ? String.raw`\s*\S+\s+\S.*` : ".*");
    voice.title = rules.last_initial_required ? "With the initial of the last name, like Kim P." : "";
  }
  field(form, "name").value = start.name ?? "";
  field(form, "title").value = start.title ?? "";
  // One key for one dialog: a second tap, or a retry on a bad connection, asks once.
  const idempotencyKey = crypto.randomUUID();
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  if (dialog.returnValue !== "send") return null;
  const notes = field(form, "notes").value;
  return {
    ...(song
      ? { p_song_id: song.song_id }
      : { p_artist: field(form, "artist").value, p_title: field(form, "title").value }),
    p_singer_names: voices.map((name) => field(form, name).value).filter(Boolean),
    p_key_change: Number(field(form, "key").value),
    ...(notes && { p_notes: notes }),
    p_idempotency_key: idempotencyKey,
  };
}

/** Fills the dialog's list of keys. */
export function prepareAsking(): void {
  const key = field(element("ask-form", HTMLFormElement), "key");
  for (let step = -12; step <= 12; step++) {
    key.append(
      new Option(
        step === 0 ? "Original" : `${step > 0 ? "+" : ""}${step}`,
        String(step),
        step === 0,
        step === 0,
      ),
    );
  }
}
