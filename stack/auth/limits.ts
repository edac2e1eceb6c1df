import type { Call } from "./call.ts";
import { AuthError } from "./errors.ts";
import type { Settings } from "./settings.ts";

/** A bucket that holds `size` tokens and refills at a steady pace. */
interface Bucket {
  tokens: number;
  updated: number;
}

interface Pace {
  size: number;
  /** Tokens a millisecond. */
  refill: number;
}

function createBuckets(pace: Pace) {
  const buckets = new Map<string, Bucket>();
  return (key: string): boolean => {
    const now = Date.now();
    const bucket = buckets.get(key) ?? { tokens: pace.size, updated: now };
    bucket.tokens = Math.min(pace.size, bucket.tokens + (now - bucket.updated) * pace.refill);
    bucket.updated = now;
    // Full buckets say nothing, so forgetting the oldest keys keeps memory bounded.
    if (!buckets.has(key) && buckets.size >= 10_000) buckets.delete(buckets.keys().next().value ?? "");
    buckets.set(key, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  };
}

const minute = 60_000;
const burst = 30;

export type LimitName =
  | "token"
  | "verify"
  | "signup"
  | "anonymous"
  | "otp"
  | "recover"
  | "resend"
  | "magiclink"
  | "user"
  | "challenge"
  | "factorVerify";

export type Limits = ReturnType<typeof createLimits>;

/** All counters of one server process; like the real ones they live in memory. */
export function createLimits(settings: Settings) {
  const { rates } = settings;
  const otp = () => createBuckets({ size: burst, refill: rates.otp / (5 * minute) });
  const byAddress: Record<LimitName, (key: string) => boolean> = {
    token: createBuckets({ size: burst, refill: rates.tokenRefresh / (5 * minute) }),
    verify: createBuckets({ size: burst, refill: rates.verify / (5 * minute) }),
    anonymous: createBuckets({ size: burst, refill: rates.anonymousUsers / (60 * minute) }),
    signup: otp(),
    otp: otp(),
    magiclink: otp(),
    recover: otp(),
    resend: otp(),
    user: otp(),
    challenge: createBuckets({ size: burst, refill: 15 / minute }),
    factorVerify: createBuckets({ size: burst, refill: 15 / minute }),
  };
  const total = (rate: { count: number; per: number }) => {
    const take = createBuckets({ size: rate.count, refill: rate.count / rate.per });
    return () => take("all");
  };
  return { byAddress, email: total(rates.emailSent), sms: total(rates.smsSent) };
}

/** Counts a request of one client address; without the header that names it nothing is limited. */
export function limitRequests(call: Call, name: LimitName): void {
  const { header } = call.settings.rates;
  const address = header === "" ? "" : call.c.req.header(header) ?? "";
  if (address === "") return;
  const key = address.split(",")[0]?.trim() ?? address;
  if (!call.limits.byAddress[name](key)) {
    throw new AuthError(429, "over_request_rate_limit", "Request rate limit reached");
  }
}

/** Counts one mail against the server's hourly number. */
export function limitEmails(call: Call): void {
  if (call.settings.mail.autoconfirm) return;
  if (!call.limits.email()) {
    throw new AuthError(429, "over_email_send_rate_limit", "email rate limit exceeded");
  }
}

/** Counts one text message against the server's hourly number. */
export function limitSms(call: Call): void {
  if (call.settings.sms.autoconfirm) return;
  if (!call.limits.sms()) throw new AuthError(429, "over_sms_send_rate_limit", "SMS rate limit exceeded");
}

/** Refuses a code so soon after the last one to the same user. */
export function limitRepetition(sentAt: Date | null, minimumInterval: number, code: string): void {
  if (sentAt === null) return;
  const left = sentAt.getTime() + minimumInterval - Date.now();
  if (left <= 0) return;
  throw new AuthError(
    429,
    code,
    `For security purposes, you can only request this after ${Math.floor(left / 1000)} seconds.`,
  );
}
