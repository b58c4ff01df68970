import type { Json, NoticeEvent, PlaybookNotification } from "@aither/protocol";
import { type Fields, fieldsOf, isObject, textOf } from "../fields.ts";
import type { Path } from "../finding.ts";
import { notEnforced } from "./around.ts";
import { compact, keepRest, modernTemplates, notAMap, placed } from "./common.ts";

const events: readonly NoticeEvent[] = ["start", "wait", "success", "failure", "cancel", "complete"];

/** `notifications`: our list of `{on, webhook | command | desktop | log}`, or upstream's map of `onSuccess`, `onFailure` … */
export function readNotifications(fields: Fields): PlaybookNotification[] | undefined {
  const found = fields.raw("notifications");
  if (!found) return undefined;
  if (Array.isArray(found.value)) {
    return (found.value as Json[]).flatMap((item, index) => {
      const path = [...found.path, index];
      if (isObject(item)) return readOne(fieldsOf(item, path, fields.gathering));
      fields.gathering.findings.push(notAMap(path));
      return [];
    });
  }
  // One where a list is expected; in a map of events nothing is called `on`.
  if (isObject(found.value) && Object.keys(found.value).some((key) => key.toLowerCase() === "on")) {
    return readOne(fieldsOf(found.value, found.path, fields.gathering));
  }
  if (found.value === false) return undefined;
  if (found.value === true) {
    notEnforced(fields, found.path, "it does not say who is told of what");
    return undefined;
  }
  if (isObject(found.value)) return readMap(fieldsOf(found.value, found.path, fields.gathering));
  fields.gathering.findings.push(notAMap(found.path));
  return undefined;
}

function readOne(fields: Fields): PlaybookNotification[] {
  const wrong = (message: string, fix: string): void => {
    const { path } = fields;
    fields.gathering.findings.push({ severity: "error", code: "wrong-value", message, fix, path });
  };
  const names = fields.texts("on") ?? [];
  const on = events.filter((event) => names.includes(event));
  const odd = names.find((name) => !events.some((event) => event === name));
  if (odd !== undefined || on.length === 0) {
    wrong(`\`on\` must name events, not ${JSON.stringify(odd ?? names)}`, `write some of ${events.join(", ")}`);
  }
  const one = compact<PlaybookNotification>({
    on,
    message: fields.text("message"),
    webhook: fields.text("webhook", "url"),
    headers: fields.environment("headers"),
    command: fields.text("command"),
    desktop: fields.flag("desktop"),
    log: fields.flag("log", "console"),
  });
  if (one.webhook === undefined && one.command === undefined && !one.desktop && !one.log) {
    wrong("this notification tells nobody", "give it `webhook`, `command`, `desktop: true` or `log: true`");
  }
  if (one.webhook !== undefined && !/^(https?:\/\/|\$|\{\{)/.test(one.webhook)) {
    wrong(`\`webhook\` must be an http or https address, not "${one.webhook.slice(0, 40)}"`, "write https://…");
  }
  return [keepRest(one, fields)];
}

const upstreams: Readonly<Record<string, NoticeEvent>> = {
  onstart: "start",
  onsuccess: "success",
  onfailure: "failure",
  onerror: "failure",
  oncancel: "cancel",
  oncomplete: "complete",
  onwait: "wait",
};

/** Where upstream's messages go: all of these are who follows the job, and the job's own record. */
const ownChannels: ReadonlySet<string> = new Set(["console", "log", "file", "error-log"]);

function readMap(fields: Fields): PlaybookNotification[] {
  fields.ignore("channels", "minimal");
  const told: PlaybookNotification[] = [];
  for (const [name, on] of Object.entries(upstreams)) {
    const found = fields.raw(name);
    if (!found) continue;
    const text = textOf(found.value);
    if (text !== undefined) told.push(said(fields, found.path, { on, text }));
    else if (isObject(found.value)) {
      told.push(...readMessage(fieldsOf(found.value, found.path, fields.gathering), on));
    } else fields.gathering.findings.push(notAMap(found.path));
  }
  for (const key of Object.keys(fields.rest())) {
    const known = /^(email|slack|teams)$/i.test(key);
    const reason = known
      ? "use a webhook (they take one), or a command that sends it"
      : "this is no event in the life of a job";
    notEnforced(fields, [...fields.path, key], reason);
  }
  return told;
}

function readMessage(fields: Fields, on: NoticeEvent): PlaybookNotification[] {
  const enabled = fields.flag("enabled") ?? true;
  const text = fields.text("message", "log");
  // How loud it is meant says nothing about who hears it.
  fields.ignore("level", "log", "enabled");
  for (const channel of fields.texts("channels") ?? []) {
    if (ownChannels.has(channel.toLowerCase())) continue;
    notEnforced(fields, [...fields.path, "channels", channel], "use a webhook, or a command that sends it");
  }
  for (const key of Object.keys(fields.rest())) {
    notEnforced(fields, [...fields.path, key], "the message is all that is said");
  }
  return enabled && text !== undefined ? [said(fields, fields.path, { on, text })] : [];
}

function said(fields: Fields, path: Path, { on, text }: { on: NoticeEvent; text: string }): PlaybookNotification {
  const message = modernTemplates(text).replaceAll(/\{\{\s*(failedStage|status|reason)\s*\}\}/gi, "{$1}");
  return placed<PlaybookNotification>({ on: [on], message, log: true }, fields, path);
}

/** `OnSuccess`, `OnFailure`, `OnComplete = @{ Success; Failure }` at the top of upstream's files. */
export function readTopMessages(fields: Fields): PlaybookNotification[] {
  const told: PlaybookNotification[] = [];
  const read = (from: Fields, name: string, on: NoticeEvent): void => {
    const found = from.raw(name);
    if (found && isObject(found.value)) {
      told.push(...readMessage(fieldsOf(found.value, found.path, fields.gathering), on));
    }
  };
  read(fields, "onSuccess", "success");
  read(fields, "onFailure", "failure");
  const complete = fields.object("onComplete");
  if (complete) {
    read(complete, "success", "success");
    read(complete, "failure", "failure");
    keepRest({}, complete);
  }
  return told;
}
