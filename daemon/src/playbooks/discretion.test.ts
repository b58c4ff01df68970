import assert from "node:assert/strict";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createPlanner } from "./planner.ts";

/** What is no playbook, and what an error would quote of it. */
const files: Readonly<Record<string, string>> = {
  passwd: "root:hunter2:0:0:root:/root:/bin/bash\n",
  "lines.yaml": "hunter2 and\nmore of it\n",
  "tag.yaml": "a: !hunter2 x\n",
  "alias.yaml": "a: *hunter2\n",
  "text.json": "hunter2 is no JSON",
  "code.psd1": "hunter2 is code",
  "value.psd1": "@{ a = hunter2 }",
};

async function withFolder(use: (root: string) => Promise<void>): Promise<void> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "ad-")));
  try {
    await use(root);
  } finally {
    await rm(root, { recursive: true });
  }
}

test("of a file that is no playbook and lies elsewhere, an error tells the place and not a word", async () => {
  await withFolder(async (root) => {
    const planner = createPlanner({ userPlaybooks: join(root, "mine") });
    const workspace = join(root, "w");
    await mkdir(join(workspace, "playbooks"), { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      const path = join(root, name);
      await writeFile(path, text);
      const link = join(workspace, "playbooks", `link-${name}${name.includes(".") ? "" : ".yaml"}`);
      await symlink(path, link);
      for (const asked of [path, `../${name}`, link]) {
        const request = { playbook: asked, workspace };
        const calls = { metadata: { name: "x" }, orchestration: { jobs: { a: { uses: asked } } } };
        const answers = [
          await planner.showPlaybook(asked, workspace),
          await planner.validate(request),
          await planner.preview(request),
          await planner.plan(request),
          await planner.preview({ text: JSON.stringify(calls), workspace }),
        ];
        assert.ok(!JSON.stringify(answers).includes("hunter2"), `${asked}: ${JSON.stringify(answers)}`);
        assert.match(JSON.stringify(answers[0]), /:1:\d+: this is no (playbook|JSON|YAML|PowerShell data)"/, asked);
      }
    }
    assert.ok(!JSON.stringify(await planner.listPlaybooks(workspace)).includes("hunter2"));
  });
});

test("in the folders for playbooks, and of the words of the parser, everything is told", async () => {
  await withFolder(async (root) => {
    const planner = createPlanner({ userPlaybooks: join(root, "mine") });
    const inside = join(root, "playbooks");
    await mkdir(inside);
    await mkdir(join(root, "mine"));
    for (const folder of [inside, join(root, "mine")]) {
      await writeFile(join(folder, "words.yaml"), "hunter2 and more\n");
      const shown = await planner.showPlaybook(join(folder, "words.yaml"), root);
      assert.match(JSON.stringify(shown), /a playbook is a map, not the text .*hunter2/);
    }
    await writeFile(join(root, "draft.yaml"), "a: b: c\n");
    const shown = await planner.showPlaybook("draft.yaml", root);
    assert.match(JSON.stringify(shown), /draft\.yaml:1:5: this is no YAML: bad indentation of a mapping entry/);
  });
});
