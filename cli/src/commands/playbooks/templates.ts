/** What `playbooks new` can start from: v3, with comments that say what a person would look up. */
export const templates = { basic, matrix, pipeline } as const;

export type TemplateName = keyof typeof templates;

export type TemplateInput = {
  readonly name: string;
  /** Path of the schema from the new file; null leaves the hint for editors out. */
  readonly schema: string | null;
};

function head({ name, schema }: TemplateInput, description: string): string {
  return `${schema === null ? "" : `# yaml-language-server: $schema=${schema}\n`}apiVersion: aither/v1
metadata:
  name: ${name}
  description: ${description}
  category: general

# What a start may ask for: aither orch ${name} --var who=you
inputs:
  who:
    type: string
    description: Who is greeted
    default: world
`;
}

function basic(input: TemplateInput): string {
  return `${head(input, "Says hello")}
orchestration:
  # Stages without \`needs\` start at once; \`order: written\` would run them one after another.
  jobs:
    hello:
      name: Say hello
      timeout: 60 # seconds the whole stage may take
      steps:
        # A step is inline text (\`script\`), a numbered script (\`run: "0402"\`) or a file (\`file: tools/build.sh\`).
        - id: greet
          shell: bash
          script: echo "Hello {{who}}"
    after-hello:
      needs: [hello]
      # A condition; without it, the stage runs when everything that it needs has succeeded.
      if: \${{ success() }}
      steps:
        - id: done
          shell: bash
          script: echo "Done"
`;
}

function matrix(input: TemplateInput): string {
  return `${head(input, "Runs the same steps once for each combination")}
orchestration:
  jobs:
    check:
      matrix:
        size: [small, large]
        mode: [quick, full]
        # Combinations that are left out, and ones that are added.
        exclude:
          - { size: large, mode: quick }
      failFast: false # the first failed leg does not cancel the others
      maxParallel: 2 # legs at once
      steps:
        - id: check
          shell: bash
          script: echo "Checking \${{ matrix.size }} in \${{ matrix.mode }} mode for {{who}}"
          retries: 1
`;
}

function pipeline(input: TemplateInput): string {
  return `${head(input, "Builds, tests side by side, then reports")}
orchestration:
  variables:
    target: staging
  profiles:
    # aither orch ${input.name} --profile quick
    quick:
      description: Without the slow tests
      excludeStages: [slow-tests]
  defaults:
    timeout: 600 # seconds one attempt of a step may take
  jobs:
    build:
      steps:
        - id: build
          shell: bash
          script: |
            echo "Building for {{target}}"
            echo "version=1.0" >> "$AITHER_OUTPUT"
      outputs:
        version: \${{ steps.build.outputs.version }}
    fast-tests:
      needs: [build]
      steps:
        - id: test
          shell: bash
          script: echo "Testing \${{ needs.build.outputs.version }}"
    slow-tests:
      needs: [build]
      continueOnError: true # its failure does not fail the job
      steps:
        - id: test
          shell: bash
          script: echo "Testing slowly"
    report:
      # \`after\` waits for the end of stages, \`needs\` wants their success; \`always()\` runs it also when they failed.
      after: [fast-tests, slow-tests]
      if: \${{ always() }}
      steps:
        - id: report
          shell: bash
          script: echo "That was it, {{who}}"
`;
}
