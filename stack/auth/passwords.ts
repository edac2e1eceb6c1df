import { hash, verify } from "@node-rs/bcrypt";
import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { timedOut, validationFailed, WeakPasswordError } from "./errors.ts";
import type { Settings } from "./settings.ts";

const longest = 72;
const cost = 10;

/** Why a password is too weak; undefined for a good one. */
export function passwordWeakness(
  rules: Settings["password"],
  password: string,
): { message: string; reasons: string[] } | undefined {
  const messages: string[] = [];
  const reasons: string[] = [];
  if (Buffer.byteLength(password) < rules.minimumLength) {
    messages.push(`Password should be at least ${rules.minimumLength} characters.`);
    reasons.push("length");
  }
  const { requiredCharacters } = rules;
  if (!requiredCharacters.every((set) => [...set].some((character) => password.includes(character)))) {
    messages.push(
      `Password should contain at least one character of each: ${requiredCharacters.join(", ")}.`,
    );
    reasons.push("characters");
  }
  return reasons.length === 0 ? undefined : { message: messages.join(" "), reasons };
}

/** Refuses passwords that break the rules. */
export function checkPassword(rules: Settings["password"], password: string): void {
  if (Buffer.byteLength(password) > longest) {
    throw validationFailed(`Password cannot be longer than ${longest} characters`);
  }
  const weakness = passwordWeakness(rules, password);
  if (weakness !== undefined) throw new WeakPasswordError(weakness.message, weakness.reasons);
}

const slots = availableParallelism();
let working = 0;

/** Who waits, by account: each account in turn, so that a flood on one does not hold up the others. */
const waiting = new Map<string, (() => void)[]>();

function waitFor(account: string): Promise<void> {
  return new Promise((resolve) => {
    const line = waiting.get(account);
    if (line === undefined) waiting.set(account, [resolve]);
    else line.push(resolve);
  });
}

/** Hands the slot to the next account's first in line; false when nobody waits. */
function passOn(): boolean {
  const [next] = waiting;
  if (next === undefined) return false;
  const [account, line] = next;
  waiting.delete(account);
  const first = line.shift();
  if (line.length > 0) waiting.set(account, line);
  first?.();
  return true;
}

/**
 * Runs bcrypt in the thread pool, a few at a time: signatures and name look-ups share that pool and must not queue behind
 * a flood of passwords. Work whose caller has already been told that it took too long is not started.
 */
async function inTurn<T>(
  account: string,
  work: () => Promise<T>,
  deadline: AbortSignal | undefined,
): Promise<T> {
  if (working >= slots) await waitFor(account);
  else working += 1;
  try {
    if (deadline?.aborted === true) throw timedOut();
    return await work();
  } finally {
    if (!passOn()) working -= 1;
  }
}

export async function hashPassword(password: string, deadline?: AbortSignal): Promise<string> {
  return await inTurn(crypto.randomUUID(), () => hash(password, { cost, version: "2a" }), deadline);
}

/** Whether the password is the hashed one. */
export async function verifyPassword(
  password: string,
  hashed: string,
  deadline: AbortSignal,
): Promise<boolean> {
  return await inTurn(hashed, () => verify(password, hashed), deadline);
}

/** A password nobody knows. */
export function randomPassword(): string {
  return randomBytes(33).toString("base64url");
}
