/** So many in any minute, and no more. */
export class Tries {
  readonly #max: number;
  #times: number[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  /** False when there were too many of late; this one then does not count. */
  take(nowMs: number): boolean {
    this.#times = this.#times.filter((time) => nowMs - time < 60_000 && time <= nowMs);
    if (this.#times.length >= this.#max) return false;
    this.#times.push(nowMs);
    return true;
  }
}
