import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runsOf, visible } from "./ansi.ts";

const ESC = "\u001b";

test("what a terminal would show is left", () => {
  assert.equal(visible(`${ESC}[1;31mred${ESC}[0m plain`), "red plain");
  assert.equal(
    visible(`${ESC}]8;;https://example.org${ESC}\\link${ESC}]8;;${ESC}\\ and ${ESC}]0;title\u0007text`),
    "link and text",
  );
  assert.equal(visible(`10 %\r50 %\r100 %`), "100 %");
  assert.equal(visible("done\r"), "done");
  assert.equal(visible("a\u0000b\u0008c\u009bd\ufffee\ud800f\tg"), "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf\tg");
  assert.equal(visible("\u202egnp.exe"), "\ufffdgnp.exe");
  assert.equal(visible(`cut off ${ESC}[3`), `cut off \ufffd[3`);
});

test("colours are one of sixteen, whatever they were asked for as", () => {
  const colours = (text: string) => runsOf(text).map(({ colour, text: shown }) => [colour, shown]);
  assert.deepEqual(colours(`${ESC}[32mgreen${ESC}[39m none ${ESC}[95mbright`), [
    [2, "green"],
    [null, " none "],
    [13, "bright"],
  ]);
  assert.deepEqual(colours(`${ESC}[38;5;196mred${ESC}[38;2;20;120;250mblue${ESC}[38:5:244mgrey`), [
    [1, "red"],
    [4, "blue"],
    [null, "grey"],
  ]);
  const [first, second] = runsOf(`${ESC}[1;4mboth${ESC}[22mone`);
  assert.deepEqual([first?.bold, first?.underline, second?.bold, second?.underline], [true, true, false, true]);
});

test("the runs of a line are what is seen of it", () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(ESC, `${ESC}[`, `${ESC}[31m`, `${ESC}]0;x\u0007`, "\r", `${ESC}[38;5;1m`, "\u009b", "text"),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const line = pieces.join("").replaceAll("\n", "");
      assert.equal(
        runsOf(line)
          .map(({ text }) => text)
          .join(""),
        visible(line),
      );
      // oxlint-disable-next-line no-control-regex -- nothing of it may be left
      assert.doesNotMatch(visible(line), /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
    }),
  );
});
