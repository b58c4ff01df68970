import type { Engine } from "@aither/engine";
import type { JobId } from "@aither/protocol";
import type { History } from "./history.ts";
import type { Life } from "./life.ts";

/**
 * Somebody who follows one job over all lives of the daemon: begins with a snapshot or from the first event, and after
 * a cut or a crash goes on from the last event seen.
 */
export class Watcher {
  readonly number: number;
  readonly jobId: JobId;
  ended = false;
  readonly #history: History;
  readonly #pause: (life: Life) => Promise<void>;
  #last: number | null;

  constructor(options: {
    number: number;
    jobId: JobId;
    fromStart: boolean;
    history: History;
    pause: (life: Life) => Promise<void>;
  }) {
    this.number = options.number;
    this.jobId = options.jobId;
    this.#last = options.fromStart ? 0 : null;
    this.#history = options.history;
    this.#pause = options.pause;
  }

  /** Follows as long as this life lasts. */
  async follow(life: Life, engine: Engine): Promise<void> {
    while (!this.ended && !life.over) {
      const after = this.#last;
      this.#history.add({
        is: "watch-opened",
        watcher: this.number,
        jobId: this.jobId,
        after,
      });
      let came = 0;
      for await (const item of engine.watch(this.jobId, after === null ? {} : { after })) {
        if (life.over) return;
        came++;
        this.#history.add({
          is: "watched",
          life: life.number,
          watcher: this.number,
          jobId: this.jobId,
          item,
        });
        if (item.is === "event") this.#last = item.event.seq;
        if (item.is === "snapshot") this.#last = item.state.seq;
        if (item.is === "end") this.ended = true;
        await this.#pause(life);
      }
      // The job is not known: its first event never reached the disk. Or the engine is stopping.
      if (came === 0) await this.#pause(life);
    }
  }
}
