/** The text of a task of the Windows Task Scheduler. */
import { daemonNodeOptions } from "@aither/protocol";
import type { ServiceFacts } from "./facts.ts";
import { escapeXml } from "./launchd-plist.ts";

/**
 * Starts at the user's logon, has no time limit, and is not ended on battery. `schtasks` wants UTF-16: whoever writes
 * the file encodes it so.
 */
export function taskXml(facts: ServiceFacts, options: { readonly user: string }): string {
  const user = escapeXml(options.user);
  const argv = [...daemonNodeOptions, facts.entry, "--home", facts.home].map(argument).join(" ");
  return `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>aither: the daemon that owns this home's jobs</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>
      <UserId>${user}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>${user}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>false</AllowHardTerminate>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>999</Count>
    </RestartOnFailure>
    <Hidden>true</Hidden>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>${escapeXml(facts.node)}</Command>
      <Arguments>${escapeXml(argv)}</Arguments>
      <WorkingDirectory>${escapeXml(facts.home)}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
`;
}

/** As the C runtime splits a command line: backslashes count only before a quote. */
function argument(word: string): string {
  if (word !== "" && !/[\s"]/.test(word)) return word;
  return `"${word.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, "$1$1")}"`;
}
