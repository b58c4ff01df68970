import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { routes } from "@aither/protocol";
import { root } from "../../scripts/lib/root.ts";

/** Where a verb must be found by its own name. `start` is `orch` on the command line; a retry is a start with a parent. */
const verbs = {
  start: { core: true, route: true, command: false, method: false },
  cancel: { core: true, route: true, command: true, method: true },
  pause: { core: true, route: true, command: true, method: true },
  resume: { core: true, route: true, command: true, method: true },
  skip: { core: true, route: true, command: true, method: true },
  retry: { core: false, route: true, command: true, method: true },
} as const;

const handle = readFileSync(join(root, "packages/client/src/job.ts"), "utf8");

for (const [verb, where] of Object.entries(verbs)) {
  test(`${verb} has one name everywhere`, () => {
    const files = [
      ...(where.core ? [`packages/core/src/job/decide/${verb}.ts`] : []),
      ...(where.route ? [`daemon/src/api/routes/${verb}.ts`] : []),
      ...(where.command ? [`cli/src/commands/jobs/${verb}.ts`] : []),
    ];
    for (const file of files) assert.ok(existsSync(join(root, file)), `${file} is missing`);
    const names = Object.keys(routes).filter(
      (name) => name.startsWith(verb) && /^(Job|InJob)$/.test(name.slice(verb.length)),
    );
    assert.equal(names.length, 1, `the route of ${verb}`);
    if (where.method) assert.match(handle, new RegExp(`^  async ${verb}\\(`, "m"), `JobHandle.${verb}`);
  });
}

test("a route's path ends with its verb", () => {
  for (const verb of ["cancel", "pause", "resume", "skip", "retry"]) {
    const found = Object.values(routes).filter(
      ({ method, path }) => method === "POST" && path === `/api/jobs/:id/${verb}`,
    );
    assert.equal(found.length, 1, verb);
  }
});
