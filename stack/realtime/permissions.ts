import { unauthorized } from "./authorization.ts";
import type { Authorization, Caller, Extension } from "./authorization.ts";
import type { RoomName } from "./rooms.ts";

/** null: not asked yet. */
type Answers = Record<Extension, { read: boolean | null; write: boolean | null }>;

/** What one member may do in a room. The answers of the policies hold until the token changes. */
export class Permissions {
  #authorization: Authorization;
  #room: RoomName;
  #answers: Answers = nothingAsked();

  constructor(authorization: Authorization, room: RoomName) {
    this.#authorization = authorization;
    this.#room = room;
  }

  reads(extension: Extension): boolean {
    return !this.#room.isPrivate || this.#answers[extension].read === true;
  }

  /** Whether the permission to write is known to be there. */
  writes(extension: Extension): boolean {
    return !this.#room.isPrivate || this.#answers[extension].write === true;
  }

  /** Asks anew what may be read; throws when it is nothing, tells whether something was lost. */
  async renew(caller: Caller, extensions: Extension[]): Promise<{ lost: boolean }> {
    if (!this.#room.isPrivate) return { lost: false };
    const before = this.#answers;
    const readable = await this.#authorization.readable(caller, extensions);
    const answers = nothingAsked();
    for (const extension of extensions) answers[extension].read = readable.has(extension);
    this.#answers = answers;
    if (readable.size === 0) throw unauthorized(this.#room.subTopic);
    return {
      lost: extensions.some((extension) => before[extension].read === true && !answers[extension].read),
    };
  }

  async mayWrite(caller: Caller, extension: Extension): Promise<boolean> {
    if (!this.#room.isPrivate) return true;
    const answer = this.#answers[extension];
    answer.write ??= await this.#authorization.writable(caller, extension);
    return answer.write;
  }

  /** Tracking turns presence on, so the permission to read it is asked for here when the join did not. */
  async mayTrack(caller: Caller): Promise<boolean> {
    const answer = this.#answers.presence;
    if (this.#room.isPrivate && answer.read === null) {
      answer.read = (await this.#authorization.readable(caller, ["presence"])).has("presence");
    }
    return await this.mayWrite(caller, "presence");
  }
}

function nothingAsked(): Answers {
  return { broadcast: { read: null, write: null }, presence: { read: null, write: null } };
}
