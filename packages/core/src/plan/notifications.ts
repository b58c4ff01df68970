import type { NotificationPlan, PlaybookNotification } from "@aither/protocol";
import type { Compiler } from "./compiler.ts";
import { resolveValue, type Scope, textOf } from "./scope.ts";

/** One entry for each way in which somebody is told. Headers are left as they are: secrets have no place in a plan. */
export function notificationPlans(compiler: Compiler, scope: Scope): NotificationPlan[] {
  const declared = compiler.playbook.orchestration.notifications ?? [];
  return declared.flatMap((one, index) =>
    channelsOf(one).map(({ channel, target }, place): NotificationPlan => {
      const fill = (text: string, key: string): string =>
        textOf(compiler.take(resolveValue(text, scope, compiler.at(one, [key]))));
      return {
        id: place === 0 ? String(index + 1) : `${index + 1}.${place + 1}`,
        on: one.on,
        message: fill(one.message ?? "", "message"),
        channel,
        target: fill(target, channel),
        headers: { ...one.headers },
      };
    }),
  );
}

type Channel = Pick<NotificationPlan, "channel" | "target">;

function channelsOf({ webhook, command, desktop, log }: PlaybookNotification): readonly Channel[] {
  return [
    ...(webhook === undefined ? [] : [{ channel: "webhook", target: webhook } as const]),
    ...(command === undefined ? [] : [{ channel: "command", target: command } as const]),
    ...(desktop === true ? [{ channel: "desktop", target: "" } as const] : []),
    ...(log === true ? [{ channel: "log", target: "" } as const] : []),
  ];
}
