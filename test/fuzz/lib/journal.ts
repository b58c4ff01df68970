/** A real journal: what the engine records of a small job that fails once, tries again, is paused, and ends. */
import type { Event } from "@aither/protocol";
import { planOf } from "../../../packages/core/src/testing/plans.ts";
import { World } from "../../../packages/core/src/testing/world.ts";

export function realJournal(): readonly Event[] {
  const world = new World(
    planOf([
      { id: "build", scripts: [{ name: "make", retries: 1 }, "pack"] },
      { id: "test", needs: ["build"], matrix: { "os=linux": null, "os=mac": null }, condition: "success()" },
      { id: "last", after: ["test"], condition: "always()" },
    ]),
  );
  world.exit("build/make", 1);
  world.pass(60_000);
  world.exit("build/make", 0, { outputs: { version: "1.2" } });
  world.do("pause");
  world.exit("build/pack");
  world.do("resume");
  world.exit("test[0]/only");
  world.exit("test[1]/only", 3);
  world.exit("last/only");
  return world.events;
}
