import type { Handler } from "../call.ts";
import { generateLink, invite } from "./admin-links.ts";
import { deleteFactorAsAdmin, listAudit, listFactorsAsAdmin, updateFactorAsAdmin } from "./admin-records.ts";
import { createUserAsAdmin, deleteUser, getUserById, listUsers, updateUserAsAdmin } from "./admin-users.ts";
import { verifyFactor } from "./factor-verify.ts";
import { challengeFactor, enroll, noSuchAction, unenroll } from "./factors.ts";
import { authorize, authorizeLink, callback } from "./external.ts";
import { unlinkIdentity } from "./identities.ts";
import { magiclink, otp, recover, resend } from "./one-time-codes.ts";
import { logout, reauthenticate } from "./session.ts";
import { signup } from "./signup.ts";
import { health, jwks, notOffered, settings } from "./system.ts";
import { token } from "./token.ts";
import { getUser, updateOwnUser } from "./user.ts";
import { verifyCode, verifyLink } from "./verify.ts";

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
type Method = (typeof methods)[number];

const everyMethod = (handler: Handler) =>
  Object.fromEntries(methods.map((method) => [method, handler])) as Record<Method, Handler>;

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
  "/authorize": { GET: authorize },
  "/callback": { GET: callback, POST: callback },
  "/user/identities/authorize": { GET: authorizeLink },
  "/user/identities/:identity_id": { DELETE: unlinkIdentity },
  "/factors": { POST: enroll },
  "/factors/:factor_id": { ...everyMethod(noSuchAction), DELETE: unenroll },
  "/factors/:factor_id/challenge": { POST: challengeFactor },
  "/factors/:factor_id/verify": { POST: verifyFactor },
  "/factors/:factor_id/*": everyMethod(noSuchAction),
  "/invite": { POST: invite },
  "/admin/generate_link": { POST: generateLink },
  "/admin/audit": { GET: listAudit },
  "/admin/users": { GET: listUsers, POST: createUserAsAdmin },
  "/admin/users/:user_id": { GET: getUserById, PUT: updateUserAsAdmin, DELETE: deleteUser },
  "/admin/users/:user_id/factors": { GET: listFactorsAsAdmin },
  "/admin/users/:user_id/factors/:factor_id": { PUT: updateFactorAsAdmin, DELETE: deleteFactorAsAdmin },
  "/sso": { POST: notOffered.saml },
  "/sso/saml/acs": { POST: notOffered.saml },
  "/sso/saml/metadata": { GET: notOffered.saml },
  "/passkeys/*": everyMethod(notOffered.passkeys),
  "/admin/users/:user_id/passkeys/*": everyMethod(notOffered.passkeysAsAdmin),
  "/oauth/*": everyMethod(notOffered.other),
  "/user/oauth/*": everyMethod(notOffered.other),
  "/admin/oauth/*": everyMethod(notOffered.otherAsAdmin),
  "/admin/custom-providers/*": everyMethod(notOffered.otherAsAdmin),
};
