import type { StatusReasonCode, KanbanColumn, WorkspaceStatus } from "./generated/model.ts";

/** Which fields are sent. Members a shape leaves out are named in `unknownFields` of each workspace. */
export type ViewShape = "full" | "sidebar" | "kanban" | "list";

/** What of a project is shown: the fields, and the workspaces that equal one of the values of each filter. */
export interface ViewOptions {
  readonly shape?: ViewShape;
  readonly where?: {
    readonly status?: readonly WorkspaceStatus[];
    readonly kanbanColumn?: readonly KanbanColumn[];
    readonly statusReasonCode?: readonly StatusReasonCode[];
    readonly needsUser?: readonly boolean[];
  };
}

/** A view as the server is asked for it. */
export interface View extends ViewOptions {
  readonly projectId: string;
  readonly shape: ViewShape;
}
