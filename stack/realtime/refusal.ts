/** Why a client does not get what it asks for: `code` names the case, the message is for people. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }

  /** As a refused join shows it. */
  get reason(): string {
    return `${this.code}: ${this.message}`;
  }
}
