import type { Workspace } from "@snapboard/client";

/** Answers the revision that includes it. */
type Send = (workspaceId: string, enabled: boolean) => Promise<number>;

interface Turn {
  /** Where the user left the switch. */
  wanted: boolean;
  /** Where the request under way puts it. */
  sending: boolean | null;
  /** The server has it from this revision on; null while it is not answered. */
  revision: number | null;
  error: string | null;
}

/** How long an answered turn is shown ahead of an entry that does not come. */
const arrivalMaxMs = 10_000;

/**
 * Switches that were turned here, ahead of the server until the entry comes that says so. One request at a time per workspace, so of several
 * turns the last one is also the last to be applied.
 */
export class RatchetSwitches {
  readonly #send: Send;
  readonly #turns = new Map<string, Turn>();
  readonly #listeners = new Set<() => void>();

  constructor(send: Send) {
    this.#send = send;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  turn(workspaceId: string, wanted: boolean): void {
    const sending = this.#turns.get(workspaceId)?.sending ?? null;
    const turn: Turn = { wanted, sending, revision: null, error: null };
    this.#put(workspaceId, turn);
    if (sending === null) void this.#settle(workspaceId);
  }

  /** What the switch shows. An entry from before the turn does not count. */
  shown(workspace: Workspace): boolean {
    const turn = this.#turns.get(workspace.workspaceId);
    if (!turn || turn.error !== null) return workspace.ratchetEnabled;
    const arrived = turn.revision !== null && workspace.version >= turn.revision;
    return arrived ? workspace.ratchetEnabled : turn.wanted;
  }

  /** Why the last turn failed. */
  error(workspaceId: string): string | null {
    return this.#turns.get(workspaceId)?.error ?? null;
  }

  async #settle(workspaceId: string): Promise<void> {
    for (;;) {
      const turn = this.#turns.get(workspaceId);
      if (!turn) return;
      const sending = turn.wanted;
      this.#put(workspaceId, { ...turn, sending });
      let revision: number | null = null;
      let error: string | null = null;
      try {
        revision = await this.#send(workspaceId, sending);
      } catch (failure) {
        error = failure instanceof Error ? failure.message : String(failure);
      }
      const wanted = this.#turns.get(workspaceId)?.wanted ?? sending;
      if (wanted === sending) return this.#settled(workspaceId, { wanted, sending: null, revision, error });
    }
  }

  #settled(workspaceId: string, turn: Turn): void {
    this.#put(workspaceId, turn);
    if (turn.error !== null) return;
    setTimeout(() => {
      if (this.#turns.get(workspaceId) !== turn) return;
      this.#turns.delete(workspaceId);
      this.#tell();
    }, arrivalMaxMs);
  }

  #put(workspaceId: string, turn: Turn): void {
    this.#turns.set(workspaceId, turn);
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
