/** Places within the page. By number: a name may hold anything, or be there twice. */

export function anchorOfStage(stage: number): string {
  return `stage-${stage + 1}`;
}

/** The only script of a leg stands for it. */
export function anchorOfLeg(stage: number, leg: number, scripts: number): string {
  return scripts === 1 ? anchorOfScript(stage, leg, 0) : `leg-${stage + 1}-${leg + 1}`;
}

export function anchorOfScript(stage: number, leg: number, script: number): string {
  return `script-${stage + 1}-${leg + 1}-${script + 1}`;
}
