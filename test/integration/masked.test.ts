import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { JobId, LogLine } from "@aither/protocol";
import { filesOf } from "../../daemon/src/store/layout.ts";
import { waitFor } from "../rig/wait.ts";
import { ask, bytes, bytesOf, lines, open } from "./lib/http.ts";
import { Lab, sh } from "./lib/lab.ts";

/** Secrets in output: masked for every reader, wherever it begins and however often it comes back. */

const SECRET = "hunter2-and-more";
const secrets = { PASSWORD: SECRET };

const logs = (lab: Lab, jobId: JobId, query = "") => open(lab.socket, `/api/jobs/${jobId}/logs?${query}`);
const text = async (lab: Lab, jobId: JobId, query = "") => (await bytes(await logs(lab, jobId, query))).toString();

async function written(lab: Lab, jobId: JobId, script: string): Promise<Buffer> {
  const folder = await (lab.host.store as unknown as { folders: { find(id: JobId): Promise<string> } }).folders.find(
    jobId,
  );
  return readFile(filesOf(folder, { script, attempt: 1 }).log);
}

const script = String.raw`
echo "first $PASSWORD"; printf '\033[31m%s\033[0m\n' "$PASSWORD"; echo "a$PASSWORD$PASSWORD b"
printf '%s' "$PASSWORD" | base64; printf 'no end %s' "$PASSWORD"`;
const shown = "first ***\n\x1b[31m***\x1b[0m\na*** b\n***\nno end ***";

test("raw: from every byte on, by every line, and from the end of every frame on", async () => {
  await using lab = await Lab.create();
  const jobId = await lab.run([sh(script), sh("echo $PASSWORD again")], { secrets });
  assert.equal(await text(lab, jobId, "follow=1"), `${shown}*** again\n`, "two files, one text");
  await lab.ended(jobId);
  const whole = await text(lab, jobId);
  assert.equal(whole, `${shown}*** again\n`);
  const raw = Buffer.concat([await written(lab, jobId, "s/0"), await written(lab, jobId, "s/1")]).toString("latin1");
  assert.ok(raw.includes(SECRET), "the file is as it was written");
  for (let offset = 0; offset <= raw.length; offset += 1) {
    const found = await text(lab, jobId, `offset=${offset}`);
    assert.ok(whole.endsWith(found), `offset=${offset}: ${found}`);
  }
  let before = "";
  let rest = await text(lab, jobId, "format=framed");
  for (let head = /^(\d+) (\d+)\n/.exec(rest); head !== null; head = /^(\d+) (\d+)\n/.exec(rest)) {
    const size = head[0].length + Number(head[2]);
    before += rest.slice(head[0].length, size);
    rest = rest.slice(size);
    assert.equal(before + (await text(lab, jobId, `offset=${head[1]}`)), whole);
  }
  assert.equal(before, whole);
  for (let tail = 0; tail < 7; tail += 1) {
    const wanted = tail === 0 ? "" : shown.split("\n").slice(-tail).join("\n");
    assert.equal(await text(lab, jobId, `script=s/0&tail=${tail}`), wanted, `tail=${tail}`);
  }
});

test("NDJSON: a reader that is cut within a secret, also over a restart, gets each mask once and nothing of what it hides", async () => {
  await using lab = await Lab.create();
  const gate = join(lab.root, "gate");
  const half = SECRET.length / 2;
  const jobId = await lab.run(
    [
      sh(
        `for i in 1 2 3 4 5 6 7 8; do printf 'part %s of ${SECRET.slice(0, half)}' $i; sleep 0.3; echo '${SECRET.slice(half)}'; done; while [ ! -e ${gate} ]; do sleep 0.02; done; echo end`,
      ),
    ],
    { secrets },
  );
  let cursor = "";
  let found = "";
  let offset = 0;
  for (let round = 0; !found.endsWith("end\n"); round += 1) {
    const answer = await logs(lab, jobId, `format=ndjson&follow=1&cursor=${encodeURIComponent(cursor)}`);
    let taken = 0;
    for await (const line of lines<LogLine>(answer)) {
      assert.ok(line.offset > offset);
      offset = line.offset;
      found += bytesOf(line).toString();
      cursor = `${line.script}#${line.attempt}:${line.offset}`;
      taken += 1;
      if (taken === 1 + (round % 2)) break;
    }
    answer.destroy();
    if (round === 3) await lab.restart();
    if (round === 4) await writeFile(gate, "");
  }
  const wanted = Array.from({ length: 8 }, (_, index) => `part ${index + 1} of ***\n`).join("");
  assert.equal(found, `${wanted}end\n`);
  assert.equal(offset, (await written(lab, jobId, "s/0")).length);
});

test("a follower waits for what may be a secret, and for nothing else", async () => {
  await using lab = await Lab.create();
  const gate = join(lab.root, "gate");
  const jobId = await lab.run(
    [sh(`printf 'Continue? (hunt'; while [ ! -e ${gate} ]; do sleep 0.02; done; printf 'ing season) '`)],
    { secrets },
  );
  const answer = await logs(lab, jobId, "follow=1");
  let found = "";
  answer.on("data", (part: Buffer) => (found += part.toString()));
  await waitFor("what is no secret", () => found === "Continue? (");
  assert.equal(await text(lab, jobId), "Continue? (", "who asks for what is there now is told no more");
  await writeFile(gate, "");
  await lab.ended(jobId);
  await waitFor("the rest", () => found === "Continue? (hunting season) ");
});

test("search looks at what is shown: no secret is found, and its line is masked", async () => {
  await using lab = await Lab.create();
  const long = `printf 'x%.0s' $(seq 1 700000); printf '%s needle' "$PASSWORD"; printf 'y%.0s' $(seq 1 700000); echo`;
  const jobId = await lab.run([sh(`echo one; echo "two needle $PASSWORD"; ${long}; echo "four needle"`)], { secrets });
  await lab.ended(jobId);
  const search = async (query: string): Promise<{ line: number; text: string }[]> => {
    const hits: { line: number; text: string }[] = [];
    for await (const hit of lines<{ line: number; text: string }>(await open(lab.socket, `/api/search?${query}`)))
      hits.push(hit);
    return hits;
  };
  const hits = await search("q=needle");
  assert.deepEqual(
    hits.map(({ line }) => line),
    [2, 3, 4],
  );
  assert.equal(hits[0]?.text, "two needle ***");
  assert.match(hits[1]?.text ?? "", /x\*\*\* needley/);
  assert.doesNotMatch(JSON.stringify(hits), /hunter/);
  for (const query of [`q=${SECRET}`, "q=hunter2", "q=hunter&re=true", "q=HUNTER2&case=false"])
    assert.deepEqual(await search(query), [], query);
});

test("a job without secrets has no masker: its bytes are handed on as they come", async () => {
  await using lab = await Lab.create();
  const jobId = await lab.run([sh("echo plain")]);
  await lab.ended(jobId);
  assert.equal(await lab.host.store.secrets.of(jobId), null);
  assert.equal(lab.host.store.secrets.now(jobId), null);
  const other = await lab.run([sh("echo $PASSWORD")], { secrets });
  await lab.ended(other);
  const third = await lab.run([sh("echo $PASSWORD")], { secrets });
  await lab.ended(third);
  assert.notEqual(await lab.host.store.secrets.of(other), null);
  assert.equal(await lab.host.store.secrets.of(other), await lab.host.store.secrets.of(third), "made once");
});

test("documents, events and refusals of a job are masked; its journal keeps what a script told", async () => {
  await using lab = await Lab.create();
  const jobId = await lab.run([sh('echo "token=$PASSWORD" >> "$AITHER_OUTPUT"', { name: `deploy with ${SECRET}` })], {
    secrets,
  });
  await lab.ended(jobId);
  const after = async (path: string) => JSON.stringify(await ask(lab.socket, path));
  for (const path of ["", "/events", `/explain?subject=${SECRET}`, "/undo", "/artifacts"]) {
    const answer = (await bytes(await open(lab.socket, `/api/jobs/${jobId}${path}`))).toString();
    assert.ok(answer.length > 0 && !answer.includes("hunter2"), `${path}: ${answer}`);
  }
  const events = (await bytes(await open(lab.socket, `/api/jobs/${jobId}/events`))).toString();
  assert.match(events, /"token":"\*\*\*"/);
  assert.match(await after("/api/jobs"), /"number":1/);
  const folder = await (lab.host.store as unknown as { folders: { find(id: JobId): Promise<string> } }).folders.find(
    jobId,
  );
  await waitFor(
    "metadata.json",
    async () => (await readFile(join(folder, "metadata.json"), "utf8").catch(() => "")) !== "",
  );
  for (const name of ["result.json", "metadata.json"])
    assert.doesNotMatch(await readFile(join(folder, name), "utf8"), /hunter2/, name);
});
