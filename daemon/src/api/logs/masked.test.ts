import assert from "node:assert/strict";
import { test } from "node:test";
import type { JobId } from "@aither/protocol";
import { JobSecrets, type Named } from "../../secrets/job-secrets.ts";
import { LogMask } from "./masked.ts";

const NONE: Named = { values: [], isOver: false };
const jobId = "01890000-0000-7000-8000-000000000001" as JobId;

/** What a reader is shown who gets the text in these pieces, from behind `before` on. */
function shown(pieces: readonly string[], before = ""): string {
  const secrets = new JobSecrets({
    read: async () => null,
    readNow: () => ({ env: {}, umask: null }),
    learned: { read: async () => NONE, readNow: () => NONE, write: async () => undefined },
    isRemembered: () => true,
    log: { warn: assert.fail, error: assert.fail } as never,
  });
  const mask = new LogMask(secrets, {
    jobId,
    masker: secrets.now(jobId),
    from: before.length,
    context: { before: Buffer.from(before), isCut: false },
  });
  let end = before.length;
  const render = (settled: Buffer): string => {
    end += settled.length;
    return mask.render(settled, end).toString();
  };
  return [...pieces.map((piece) => render(mask.push(Buffer.from(piece)))), render(mask.rest())].join("");
}

test("the line that names a secret does not show it, however it is indented and wherever it is cut", () => {
  const text = "one\n  ::add-mask::hunter2\nsay hunter2\n\t::add-mask::other\nhunter2 other\n";
  const wanted = "one\n  ::add-mask::***\nsay ***\n\t::add-mask::***\n*** ***\n";
  for (let at = 0; at <= text.length; at += 1) {
    for (const to of [at, at + 3, at + 17]) {
      const pieces = [text.slice(0, at), text.slice(at, to), text.slice(to)];
      assert.equal(shown(pieces), wanted, JSON.stringify(pieces));
    }
  }
  assert.equal(shown(["  ::add-mask::hunter2", "\nsay hunter2\n"]), "  ::add-mask::***\nsay ***\n");
});

test("who comes back between the blanks and the command knows it, too", () => {
  assert.equal(shown([" ::add-mask::hunter2\nhunter2\n"], "x\n "), " ::add-mask::***\n***\n");
  assert.equal(shown([" ::add-mask::hunter2\nhunter2\n"], "x "), " ::add-mask::hunter2\nhunter2\n", "text, no command");
});
