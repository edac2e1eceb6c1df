import { encodeQR } from "qr";
import { Secret, TOTP } from "otpauth";
import type { Transaction } from "./database.ts";
import type { Factor } from "./users.ts";

/** How a factor is named in a session's list of methods. */
export const factorMethods = { totp: "totp", phone: "mfa/phone", webauthn: "mfa/webauthn" } as const;

/** 160 bits, as 32 characters of base32. */
export function newSecret(): string {
  return new Secret({ size: 20 }).base32;
}

/** What authenticator apps read, as text and as a picture. */
export function enrollment(issuer: string, account: string, secret: string): { uri: string; qrCode: string } {
  const [encodedIssuer, encodedAccount] = [encodeURIComponent(issuer), encodeURIComponent(account)];
  const uri = `otpauth://totp/${encodedIssuer}:${encodedAccount}` +
    `?algorithm=SHA1&digits=6&issuer=${encodedIssuer}&period=30&secret=${secret}`;
  return { uri, qrCode: `<?xml version="1.0"?>\n${encodeQR(uri, "svg")}` };
}

/** Whether a code is the present one, the one before or the one after. */
export function isTotpCode(secret: string, code: string): boolean {
  const totp = new TOTP({ algorithm: "SHA1", digits: 6, period: 30, secret: Secret.fromBase32(secret) });
  return totp.validate({ token: code, window: 1 }) !== null;
}

/**
 * Removes a factor and tells whether it was there. Sessions which owe their level to it fall back; tokens already out keep
 * theirs until they end.
 */
export async function removeFactor(sql: Transaction, factor: Factor): Promise<boolean> {
  const removed = await sql`delete from auth.mfa_factors where id = ${factor.id}`;
  await sql`
    with downgraded as (
      update auth.sessions set aal = 'aal1', factor_id = null, updated_at = now()
      where user_id = ${factor.user_id} and factor_id = ${factor.id}
      returning id
    )
    delete from auth.mfa_amr_claims
    where session_id in (select id from downgraded)
      and authentication_method = ${factorMethods[factor.factor_type]}`;
  return removed.count > 0;
}
