import type { Call } from "../call.ts";
import { AuthError } from "../errors.ts";

/** POST /token?grant_type=id_token */
export function grantIdToken(_call: Call): Promise<Response> {
  throw new AuthError(501, "unexpected_failure", "The grant id_token is not built yet");
}
