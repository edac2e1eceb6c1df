import { hash, verify } from "@node-rs/bcrypt";
import { randomBytes } from "node:crypto";
import { AuthError, validationFailed, WeakPasswordError } from "./errors.ts";
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

/** bcrypt, in the thread pool. */
export async function hashPassword(password: string, deadline?: AbortSignal): Promise<string> {
  return await hash(password, {
    cost,
    version: "2a",
    ...(deadline === undefined ? {} : { signal: deadline }),
  });
}

/**
 * Whether the password is the hashed one. Work whose caller has already been told that it took too long is not
 * started: that keeps a flood of attempts from outliving itself.
 */
export async function verifyPassword(
  password: string,
  hashed: string,
  deadline: AbortSignal,
): Promise<boolean> {
  if (deadline.aborted) {
    throw new AuthError(
      504,
      "request_timeout",
      "Processing this request timed out, please retry after a moment.",
    );
  }
  return await verify(password, hashed, { signal: deadline });
}

/** A password nobody knows. */
export function randomPassword(): string {
  return randomBytes(33).toString("base64url");
}
