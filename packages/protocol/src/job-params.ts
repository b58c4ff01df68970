import { Type } from "typebox";

/** Which job a path means. */
export const JobParams = Type.Object({
  id: Type.String({
    minLength: 1,
    description:
      "The job's number, its id or a unique part of it, `latest`, a playbook's name (its latest job), `@` (newest), `@2` (the one before), `@failed`.",
  }),
});
