/** Takes the `data` of server-sent events out of text that arrives in pieces, cut anywhere. */
export class EventStreamParser {
  #rest = "";
  #data: string[] = [];

  /** The data of each event that ended in this piece. */
  take(piece: string): readonly string[] {
    const events: string[] = [];
    // Only the piece is searched: a long event comes in many, and what was searched before would be again with each.
    const [end = "", ...others] = piece.split("\n");
    const lines = [this.#rest + end, ...others];
    this.#rest = lines.pop() ?? "";
    for (const ended of lines) {
      const line = ended.endsWith("\r") ? ended.slice(0, -1) : ended;
      if (line === "") {
        if (this.#data.length > 0) events.push(this.#data.join("\n"));
        this.#data = [];
      } else if (line.startsWith("data:")) {
        this.#data.push(line.slice(line[5] === " " ? 6 : 5));
      }
    }
    return events;
  }
}
