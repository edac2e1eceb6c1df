import type { Handler } from "../call.ts";
import { magiclink, otp, recover, resend } from "./one-time-codes.ts";
import { logout, reauthenticate } from "./session.ts";
import { signup } from "./signup.ts";
import { health, jwks, notOffered, settings } from "./system.ts";
import { token } from "./token.ts";
import { getUser, updateOwnUser } from "./user.ts";
import { verifyCode, verifyLink } from "./verify.ts";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Every path with what answers it. */
export const routes: Record<string, Partial<Record<Method, Handler>>> = {
  "/health": { GET: health },
  "/settings": { GET: settings },
  "/.well-known/jwks.json": { GET: jwks },
  "/signup": { POST: signup },
  "/token": { POST: token },
  "/verify": { GET: verifyLink, POST: verifyCode },
  "/otp": { POST: otp },
  "/magiclink": { POST: magiclink },
  "/recover": { POST: recover },
  "/resend": { POST: resend },
  "/user": { GET: getUser, PUT: updateOwnUser },
  "/logout": { POST: logout },
  "/reauthenticate": { GET: reauthenticate },
  "/sso": { POST: notOffered.saml },
  "/sso/saml/acs": { POST: notOffered.saml },
  "/sso/saml/metadata": { GET: notOffered.saml },
  "/passkeys/*": { GET: notOffered.passkeys, POST: notOffered.passkeys, DELETE: notOffered.passkeys },
  "/oauth/*": { GET: notOffered.other, POST: notOffered.other },
};
