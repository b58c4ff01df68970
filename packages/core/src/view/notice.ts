import type { Event, NoticeEvent, NotificationPlan, Plan } from "@aither/protocol";
import { stagesOf } from "../job/look.ts";
import type { JobState } from "../job/state.ts";
import { reasonOfJob } from "./reason.ts";

/** Something that somebody is to be told. `key` names it for ever, also for who is told. */
export type Notice = {
  readonly key: string;
  readonly on: NoticeEvent;
  readonly notification: NotificationPlan;
};

/**
 * Who is to be told of a fact. Only what a job has come to counts: a script that is tried again, a daemon that stops or
 * comes back, a pause somebody asked for are no news to anybody.
 */
export function noticesOf(plan: Plan, event: Event): readonly Notice[] {
  const { notifications = [] } = plan;
  if (notifications.length === 0) return [];
  return newsOf(event).flatMap((on) =>
    notifications
      .filter((notification) => notification.on.includes(on))
      .map((notification) => ({ key: `${event.seq}-${notification.id}-${on}`, on, notification })),
  );
}

function newsOf(event: Event): readonly NoticeEvent[] {
  switch (event.type) {
    case "OrchestrationStarted":
      return ["start"];
    case "OrchestrationPaused":
      return event.by === "daemon" ? ["wait"] : [];
    case "OrchestrationCompleted":
      return ["success", "complete"];
    case "OrchestrationFailed":
      return ["failure", "complete"];
    case "OrchestrationCancelled":
      return ["cancel", "complete"];
    default:
      return [];
  }
}

/** The words for people, with what is known of the job filled in. */
export function noticeText(state: JobState, { on, notification }: Notice): string {
  const failed = [...stagesOf(state)].find((stage) => stage.status === "Failed" && !stage.tolerated);
  const values: Readonly<Record<string, string>> = {
    status: on === "wait" ? "waiting" : on === "start" ? "started" : state.status.toLowerCase(),
    reason: reasonOfJob(state),
    failedstage: failed?.plan.name ?? "",
    number: String(state.number),
    name: state.name,
    jobid: state.id,
  };
  const plain = notification.message === "" ? "#{number} {name}: {status} {reason}" : notification.message;
  return plain.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name.toLowerCase()] ?? whole).trim();
}
